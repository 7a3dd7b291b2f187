"""Every error that a lower layer can raise becomes one of ours, with a remedy that fits."""

from __future__ import annotations

import errno
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from modelscope_hub import errors as hub
from zagent.errors import (
    DownloadFailed,
    HubRefused,
    HubUnreachable,
    InputOutputError,
    ReadOnlyVolume,
    Unexpected,
    VolumeFull,
    ZagentError,
)
from zagent.weights.hub import translate
from zagent.weights.model import Model

FOLDER = Path("/data/modelscope_cache")

INTENDED: dict[type[BaseException], type[ZagentError]] = {
    hub.NetworkError: HubUnreachable,
    hub.RequestTimeoutError: HubUnreachable,
    hub.ServerError: HubUnreachable,
    hub.RateLimitError: HubUnreachable,
    hub.StorageError: DownloadFailed,
    hub.FileDownloadError: DownloadFailed,
    hub.FileIntegrityError: DownloadFailed,
    hub.FileSizeMismatchError: DownloadFailed,
    hub.CacheError: DownloadFailed,
    hub.CacheNotFound: DownloadFailed,
    hub.CorruptedCacheException: DownloadFailed,
}
"""Of modelscope_hub; all others there are the hub saying no. Of requests, all are the line."""


def public(module: Any, names: list[str]) -> Iterator[type[BaseException]]:
    """The exception classes of a module."""
    found = (getattr(module, name) for name in names)
    return (one for one in found if inspect.isclass(one) and issubclass(one, BaseException))


def made(cls: type[BaseException]) -> BaseException:
    """An instance, made of as little as its class takes."""
    text = "what happened"
    return cls(text, text, 0) if issubclass(cls, json.JSONDecodeError) else cls(text)


def translated(error: BaseException) -> ZagentError:
    """What becomes of it."""
    return translate(error, Model(), "http://hub", FOLDER)


@pytest.mark.parametrize("cls", public(hub, hub.__all__), ids=lambda cls: cls.__name__)
def test_every_error_of_the_hubs_library_is_mapped(cls: type[BaseException]) -> None:
    """The line, the disk, or a no: never 'unexpected'."""
    found = translated(made(cls))
    assert type(found) is INTENDED.get(cls, HubRefused)
    assert "what happened" in found.message


@pytest.mark.parametrize("cls", public(requests.exceptions, dir(requests.exceptions)), ids=lambda cls: cls.__name__)
def test_every_error_of_requests_is_mapped(cls: type[BaseException]) -> None:
    """All of them are trouble on the way to the hub."""
    assert type(translated(made(cls))) is HubUnreachable


@pytest.mark.parametrize(("status", "cls"), [(401, HubRefused), (404, HubRefused), (500, HubUnreachable)])
def test_a_status_decides(status: int, cls: type[ZagentError]) -> None:
    """4xx is a no, 5xx a sick hub, whichever library tells it."""
    response = requests.Response()
    response.status_code = status
    assert type(translated(requests.HTTPError("what happened", response=response))) is cls
    assert type(translated(hub.APIError("what happened", status_code=status))) is cls


@pytest.mark.parametrize(
    ("number", "cls"),
    [
        (errno.ENOSPC, VolumeFull),
        (errno.EDQUOT, VolumeFull),
        (errno.EROFS, ReadOnlyVolume),
        (errno.EIO, InputOutputError),
    ],
)
def test_the_disk_explains_all_that_failed_on_top_of_it(number: int, cls: type[ZagentError]) -> None:
    """Alone, among other files' errors, or below what the library calls the network; the folder is named."""
    disk = OSError(number, "what the system said")
    below = hub.NetworkError("failed after 5 tries")
    below.__cause__ = disk
    several = {"a": hub.NetworkError("x"), "b": disk, "c": hub.FileIntegrityError("y")}
    for error in (disk, below, hub.FileDownloadError("z", failed_files=several)):
        found = translated(error)
        assert type(found) is cls
        assert str(FOLDER) in found.message


def test_files_that_failed_alike_are_one_error() -> None:
    """All by the line: try again. All refused: see to the token. Else each file is told with its reason."""
    line, no, bad = hub.NetworkError("cut"), hub.NotExistError("gone"), hub.FileIntegrityError("wrong hash")
    assert type(translated(hub.FileDownloadError("z", failed_files={"a": line, "b": line}))) is HubUnreachable
    assert type(translated(hub.FileDownloadError("z", failed_files={"a": no, "b": no}))) is HubRefused
    mixed = translated(hub.FileDownloadError("z", failed_files={"a": line, "b": bad}))
    assert type(mixed) is DownloadFailed
    assert "a: [E1020] cut; b: [E2020] wrong hash" in mixed.message


def test_a_download_error_may_hold_another() -> None:
    """What is nested is unpacked, down to the disk."""
    inner = hub.FileDownloadError("inner", failed_files={"a": OSError(errno.ENOSPC, "full")})
    assert type(translated(hub.FileDownloadError("outer", failed_files={"b": inner}))) is VolumeFull


def test_a_chain_of_errors_that_is_a_ring_comes_to_an_end() -> None:
    """The library raises an error again while it handles what came of it."""
    one, other = hub.ServerError("503"), ValueError("other")
    one.__context__, other.__context__ = other, one
    assert type(translated(one)) is HubUnreachable


def test_what_is_ours_stays_and_what_is_a_defect_is_told_as_one() -> None:
    """An error of ours passes through; one that no hub can cause is not blamed on it."""
    ours = VolumeFull(path="/data")
    assert translated(ours) is ours
    assert type(translated(AssertionError("a defect"))) is Unexpected
