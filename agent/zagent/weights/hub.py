"""The hub. The only module that imports modelscope_hub, and it does so when it is used, not before.

``modelscope_hub`` reads its tunables when it is imported, so ``_library`` sets them first. ``modelscope.hub`` is
not used: it would load torch.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zagent import points
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

_TUNABLES = {
    # A 10 GB shard on a 50 Mbit/s line needs more than the library's hour.
    "MODELSCOPE_DOWNLOAD_TOTAL_TIMEOUT": str(7 * 24 * 3600),
    "MODELSCOPE_DOWNLOAD_FILE_LOCK_TIMEOUT_SECONDS": str(24 * 3600),
    "TQDM_DISABLE": "1",  # the progress is ours to show
}

OnBytes = Callable[[int], None]
"""Told the bytes that arrived, or with a negative number those that must come again."""


@dataclass(frozen=True)
class Listing:
    """A repository at one revision: its files and the commit the hub named, if it did."""

    commit: str | None
    files: tuple[Listed, ...]


class Hub:
    """One model on the hub that MODELSCOPE_ENDPOINT names (default: modelscope.cn)."""

    def __init__(self, model: Model) -> None:
        hub = _library()
        self.model = model
        self._config = hub.HubConfig()
        self._api = hub.HubApi(self._config)

    @property
    def endpoint(self) -> str:
        """The hub's address."""
        return str(self._config.endpoint)

    def listing(self) -> Listing:
        """Ask which files there are.

        Raises:
            HubUnreachable, HubRefused: the hub did not answer, or said no.
        """
        entries: list[dict[str, Any]] = self._translated(
            lambda: self._api.legacy.list_repo_files(self.model.id, "model", revision=self.model.revision)
        )
        blobs = [one for one in entries if one.get("Type", "blob") != "tree"]
        commit = next((one["Revision"] for one in blobs if one.get("Path") == INDEX and one.get("Revision")), None)
        files = [Listed(one["Path"], int(one.get("Size") or 0), one.get("Sha256") or None) for one in blobs]
        return Listing(commit, tuple(files))

    def read(self, path: str) -> bytes:
        """A small file's content, kept in memory.

        Raises:
            HubUnreachable, HubRefused: the hub did not answer, or said no.
        """

        def fetch() -> bytes:
            with self._api.legacy.download_stream(
                self.model.id, "model", path, self.model.revision, headers={}
            ) as answer:
                return bytes(answer.content)

        content: bytes = self._translated(fetch)
        return content

    def download(self, files: Iterable[Listed], folder: Path, cache: Path, on_bytes: OnBytes) -> None:
        """Fetch ``files`` into ``folder``, four at a time, resuming what an earlier try left.

        A file gets its name only when its size, and its SHA-256 where listed, are right; one that is there and
        right is not fetched again.

        Raises:
            ZagentError: why files are missing; all others were fetched.
        """
        entries = [{"Path": one.path, "Size": one.size, "Sha256": one.sha256} for one in files]
        self._translated(
            lambda: self._api.download_repo(
                self.model.id,
                "model",
                revision=self.model.revision,
                cache_dir=cache,
                local_dir=folder,
                file_list=entries,
                progress_callbacks=[_progress(on_bytes)],
            )
        )

    def _translated(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except Exception as error:
            raise translate(error, self.model.id, self.endpoint) from error


def _library() -> Any:
    for name, value in _TUNABLES.items():
        os.environ.setdefault(name, value)
    import modelscope_hub

    logging.getLogger("modelscope_hub").setLevel(logging.CRITICAL)  # what fails is raised, and told once
    return modelscope_hub


def _progress(on_bytes: OnBytes) -> type:
    class Progress:
        """The library makes one for each file."""

        def __init__(self, filename: str, file_size: int) -> None:
            points.reached("pull:file-opened")

        def update(self, size: int) -> None:
            on_bytes(size)
            points.reached("pull:bytes-arrived")

        def end(self) -> None:
            points.reached("pull:file-finished")

    return Progress


def translate(error: BaseException, model: str, endpoint: str) -> ZagentError:
    """The ZagentError for whatever modelscope_hub, requests or the system raised."""
    import requests
    from modelscope_hub import errors as hub

    reason = _first_line(error)
    if isinstance(error, ZagentError):
        return error
    if isinstance(error, hub.FileDownloadError) and error.failed_files:
        return _worst(list(error.failed_files.items()), model, endpoint)
    if isinstance(error, (hub.FileIntegrityError, hub.StorageError, hub.CacheError)):
        return DownloadFailed(model=model, why=reason)
    if isinstance(error, (hub.NetworkError, hub.ServerError, hub.RateLimitError)):
        return HubUnreachable(endpoint=endpoint, why=reason)
    if isinstance(error, requests.HTTPError) and error.response is not None:
        kind = HubUnreachable if error.response.status_code >= 500 else HubRefused
        return kind(endpoint=endpoint, model=model, why=reason)
    if isinstance(error, (requests.RequestException, TimeoutError, ConnectionError)):
        return HubUnreachable(endpoint=endpoint, why=reason)
    if isinstance(error, hub.HubError):
        return HubRefused(endpoint=endpoint, model=model, why=reason)
    if isinstance(error, OSError):
        return from_os_error(error)
    if isinstance(error, (KeyError, ValueError, TypeError, AttributeError)):
        return NotAModel(model=model, why=f"the hub's answer could not be understood ({reason})")
    return Unexpected(kind=type(error).__name__, detail=reason)


def _worst(failed: list[tuple[str, BaseException]], model: str, endpoint: str) -> ZagentError:
    """A full or failing disk explains all the rest; then a single reason is told, else the files."""
    for _, error in failed:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO):
            return from_os_error(error)
    reasons = [translate(error, model, endpoint) for _, error in failed]
    if all(isinstance(one, HubUnreachable) for one in reasons):
        return reasons[0]
    lines = [f"{path}: {_first_line(error)}" for path, error in failed]
    return DownloadFailed(model=model, why="; ".join(lines))


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
