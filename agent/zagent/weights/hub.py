"""The hub. The only module that imports modelscope_hub, and it does so when it is used, not before.

``modelscope_hub`` reads its tunables when it is imported, so ``_library`` sets them first. ``modelscope.hub`` is
not used: it would load torch.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zagent.address import without_login
from zagent.errors import (
    DownloadFailed,
    HubRefused,
    HubUnreachable,
    NotAModel,
    Unexpected,
    ZagentError,
    from_os_error,
)
from zagent.weights.model import Model
from zagent.weights.needed import INDEX, Listed
from zagent.weights.partial import OnBytes, meter, partial_bytes

_TUNABLES = {
    # A 10 GB shard on a 50 Mbit/s line needs more than the library's hour.
    "MODELSCOPE_DOWNLOAD_TOTAL_TIMEOUT": str(7 * 24 * 3600),
    "MODELSCOPE_DOWNLOAD_FILE_LOCK_TIMEOUT_SECONDS": str(24 * 3600),
    "TQDM_DISABLE": "1",  # the progress is ours to show
}

PATIENCE = 3
"""Tries in a row that bring not one byte before the hub counts as unreachable."""

PAUSE = 1.0
"""Seconds before a small file is asked for again, doubled each time; for big ones the library has its own."""

_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG, errno.EUCLEAN, errno.EBADMSG})
"""Errors of the disk and never of a socket: one of them explains whatever failed on top of it."""


@dataclass(frozen=True)
class Listing:
    """A repository at one revision: its files and the commit the hub named, if it did."""

    commit: str | None
    files: tuple[Listed, ...]


class Hub:
    """One model on the hub that MODELSCOPE_ENDPOINT names (default: modelscope.cn).

    Raises:
        HubUnreachable: the endpoint is no address.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.endpoint: str = "that MODELSCOPE_ENDPOINT names"
        config = self._translated(lambda: _library().HubConfig())
        self.endpoint = self._translated(lambda: without_login(config.endpoint))  # it is shown and recorded
        self._api = self._translated(lambda: _library().HubApi(config))

    def listing(self) -> Listing:
        """Ask which files there are.

        Raises:
            HubUnreachable, HubRefused: the hub did not answer, not as a hub does, or said no.
        """

        def ask() -> Listing:
            return _parse(self._api.legacy.list_repo_files(self.model.id, "model", revision=self.model.revision))

        found: Listing = self._translated(ask)
        return found

    def index(self, listing: Listing) -> bytes:
        """The content of ``model_index.json``, kept in memory, once it is what ``listing`` says.

        Raises:
            NotAModel: there is none.
            HubUnreachable, HubRefused, DownloadFailed: it did not come, or not as listed, however often asked.
        """
        listed = next((one for one in listing.files if one.path == INDEX), None)
        if listed is None:
            raise NotAModel(model=self.model.id, why=f"it has no {INDEX}")
        content: bytes = _patiently(lambda: self._read(listed))
        return content

    def _read(self, listed: Listed) -> bytes:
        def fetch() -> bytes:
            with self._api.legacy.download_stream(
                self.model.id, "model", listed.path, self.model.revision, headers={}
            ) as answer:
                return bytes(answer.content)

        content: bytes = self._translated(fetch)
        if listed.sha256 and hashlib.sha256(content).hexdigest() != listed.sha256:
            raise DownloadFailed(model=self.model.id, why=f"{listed.path} is not what the listing says")
        return content

    def download(self, files: Iterable[Listed], folder: Path, cache: Path, on_bytes: OnBytes) -> None:
        """Fetch ``files`` into ``folder``, four at a time, resuming what an earlier try left.

        A file gets its name only when its size, and its SHA-256 where listed, are right; one that is there and
        right is not fetched again.

        Raises:
            ZagentError: why files are missing; all others were fetched.
        """
        wanted = list(files)
        entries = [{"Path": one.path, "Size": one.size, "Sha256": one.sha256} for one in wanted]
        counted = {one.path: partial_bytes(folder, one) for one in wanted}
        self._translated(
            lambda: self._api.download_repo(
                self.model.id,
                "model",
                revision=self.model.revision,
                cache_dir=cache,
                local_dir=folder,
                file_list=entries,
                progress_callbacks=[meter(folder, counted, on_bytes)],
            ),
            folder,
        )

    def _translated(self, ask: Callable[[], Any], folder: Path | None = None) -> Any:
        try:
            return ask()
        except Exception as error:
            raise translate(error, self.model, self.endpoint, folder) from error


def _patiently(ask: Callable[[], Any], tries: int = PATIENCE, pause: float | None = None) -> Any:
    pause = PAUSE if pause is None else pause
    try:
        return ask()
    except (HubUnreachable, DownloadFailed):
        if tries == 1:
            raise
    time.sleep(pause)
    return _patiently(ask, tries - 1, 2 * pause)


def _library() -> Any:
    for name, value in _TUNABLES.items():
        os.environ.setdefault(name, value)
    import modelscope_hub

    logging.getLogger("modelscope_hub").setLevel(logging.CRITICAL)  # what fails is raised, and told once
    return modelscope_hub


def _parse(entries: Iterable[dict[str, Any]]) -> Listing:
    blobs = [one for one in entries if one.get("Type", "blob") != "tree"]
    commit = next((one["Revision"] for one in blobs if one["Path"] == INDEX and one.get("Revision")), None)
    return Listing(commit, tuple(_listed(one["Path"], int(one["Size"]), one.get("Sha256")) for one in blobs))


def _listed(path: str, size: int, sha256: str | None) -> Listed:
    if size < 0:
        raise TypeError(f"{path} is listed with {size} bytes")
    return Listed(path, size, sha256.lower() if sha256 else None)


def translate(error: BaseException, model: Model, endpoint: str, folder: Path | None = None) -> ZagentError:
    """The ZagentError for whatever modelscope_hub, requests or the system raised while files came to ``folder``."""
    import requests
    from modelscope_hub import errors as hub
    from urllib3.exceptions import HTTPError

    if isinstance(error, ZagentError):
        return error
    if disk := _of_the_disk(error):
        return from_os_error(disk, disk.filename or folder)
    if isinstance(error, hub.FileDownloadError) and error.failed_files:
        return _of_files(error.failed_files, model, endpoint, folder)
    asked, why = model.words, _reason(error)
    if isinstance(error, (hub.FileIntegrityError, hub.StorageError, hub.CacheError)):
        return DownloadFailed(model=asked, why=why)
    if isinstance(error, (hub.NetworkError, hub.ServerError, hub.RateLimitError)) or _status(error) >= 500:
        return HubUnreachable(endpoint=endpoint, why=why)
    if isinstance(error, hub.HubError) or _status(error) >= 400:
        return HubRefused(endpoint=endpoint, model=asked, why=why)
    if isinstance(error, (requests.exceptions.InvalidJSONError, KeyError, TypeError, AttributeError)):
        return HubUnreachable(endpoint=endpoint, why="what answers there does not speak like a hub")
    network = (requests.RequestException, requests.exceptions.RequestsWarning, HTTPError)
    if isinstance(error, (*network, TimeoutError, ConnectionError, ValueError)):
        return HubUnreachable(endpoint=endpoint, why=why)
    if isinstance(error, OSError):
        return from_os_error(error, error.filename or folder)
    return Unexpected(kind=type(error).__name__, detail=why)


def _status(error: BaseException) -> int:
    """The HTTP status that an error carries, 0 for none."""
    response = getattr(error, "response", None)
    return int(getattr(error, "status_code", None) or getattr(response, "status_code", None) or 0)


def _of_files(failed: dict[str, BaseException], model: Model, endpoint: str, folder: Path | None) -> ZagentError:
    """One error for many files: a full or failing disk explains all; else what they have in common; else each."""
    if disk := next(filter(None, map(_of_the_disk, failed.values())), None):
        return from_os_error(disk, disk.filename or folder)
    reasons = [translate(error, model, endpoint, folder) for error in failed.values()]
    if len({type(one) for one in reasons}) == 1 and not isinstance(reasons[0], DownloadFailed):
        return reasons[0]
    lines = [f"{path}: {_reason(error)}" for path, error in failed.items()]
    return DownloadFailed(model=model.words, why="; ".join(lines))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came from; the library raises some errors again, which makes their chain a ring."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__


def _of_the_disk(error: BaseException) -> OSError | None:
    """The disk's error at the bottom; the library calls some of them trouble with the network."""
    return next((one for one in _chain(error) if isinstance(one, OSError) and one.errno in _DISK), None)


def _reason(error: BaseException) -> str:
    """What the system said (`Connection refused`), or else the first line of the error; never a secret."""
    below = [one.strerror for one in _chain(error) if isinstance(one, OSError) and one.strerror]
    text = below[-1] if below else (str(error).splitlines() or [type(error).__name__])[0]
    token = os.environ.get("MODELSCOPE_API_TOKEN")
    return without_login(text.replace(token, "***") if token else text)
