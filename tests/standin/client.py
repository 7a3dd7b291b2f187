"""Runs the real hub client against the stand-in, in a process of its own.

The client reads its settings when it is imported, so each run needs a fresh interpreter.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_SCRIPT: Final = """
import json, sys
from modelscope_hub import FileDownloadError, HubApi, _download
_download.DOWNLOAD_INTEGRITY_RETRY_BACKOFF = 0.0
repo, patterns = json.loads(sys.argv[1])
answer = {"folder": None, "error": None, "failed": {}}
try:
    answer["folder"] = str(HubApi().download_repo(repo, "model", allow_patterns=patterns))
except FileDownloadError as error:
    answer["failed"] = {path: type(cause).__name__ for path, cause in error.failed_files.items()}
except Exception as error:
    answer["error"] = type(error).__name__
print(json.dumps(answer))
"""
_TIMEOUT_SECONDS: Final = 120


@dataclass(frozen=True)
class Download:
    """Outcome of a run: the snapshot's folder, or the class names of what went wrong.

    `error` is about the whole run, `failed` about single files by path.
    """

    folder: Path | None
    error: str | None
    failed: dict[str, str] = field(default_factory=dict)

    def read(self, path: str) -> bytes:
        """A downloaded file. Raises FileNotFoundError, also after a failed run."""
        if self.folder is None:
            raise FileNotFoundError(f"{path}: the download failed: {self.error or self.failed}")
        return (self.folder / path).read_bytes()


def client_environment(url: str, cache: Path) -> dict[str, str]:
    """Environment of a client that talks to `url`, keeps to `cache` and hardly waits to retry."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("MODELSCOPE_")}
    return inherited | {
        "MODELSCOPE_ENDPOINT": url,
        "MODELSCOPE_CACHE": str(cache),
        "MODELSCOPE_HOME": str(cache / "home"),
        "MODELSCOPE_DOWNLOAD_MAX_RETRIES": "1",
        "TQDM_DISABLE": "1",
    }


def client_command(repo: str, patterns: list[str] | None = None) -> list[str]:
    """Command that downloads a repository with the real client, to run in client_environment."""
    return [sys.executable, "-c", _SCRIPT, json.dumps([repo, patterns])]


def download(
    url: str,
    cache: Path,
    repo: str,
    patterns: list[str] | None = None,
    settings: Mapping[str, str] | None = None,
) -> Download:
    """Download a repository with the real client under extra environment settings.

    Raises CalledProcessError if the client cannot be run and TimeoutExpired if it hangs.
    """
    run = subprocess.run(
        client_command(repo, patterns),
        env=client_environment(url, cache) | dict(settings or {}),
        capture_output=True,
        text=True,
        check=True,
        timeout=_TIMEOUT_SECONDS,
    )
    answer = json.loads(run.stdout.splitlines()[-1])
    return Download(Path(answer["folder"]) if answer["folder"] else None, answer["error"], answer["failed"])
