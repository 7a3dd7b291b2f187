"""The restics that zagent is tried with: the system's, and a current one that is built once from its Go module."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.localcloud import cache

CURRENT = "v0.19.1"
SUM = "h1:LQKkar5/gYxay1OCokAWPBNiLr1lTpt4fhdM4GWqSlY="
"""What go.sum would say of it; the module's own go.sum pins all that it is built with."""

MODULE = "github.com/restic/restic"

KEY = cache.key_of(CURRENT, SUM)


def system() -> Path | None:
    """The one on PATH."""
    found = shutil.which("restic")
    return Path(found) if found else None


def current() -> Path | None:
    """The one built from source, None where it was not."""
    found = cache.find("restic-built", KEY)
    return found / "restic" if found else None


def newest() -> Path | None:
    """The current one, else the system's."""
    return current() or system()


def prepare(progress: Callable[[str], None]) -> None:
    """Build it, once for all clones of a user; minutes that no test's time limit allows for."""
    if current() or not shutil.which("go"):
        return
    progress(f"restic: building {CURRENT} from source, some 3 minutes on 2 cores, once")
    try:
        cache.made("restic-built", KEY, _build)
    except (OSError, subprocess.CalledProcessError) as error:
        progress(f"restic: {CURRENT} could not be built, so only the system's is tried: {error}")


def _build(folder: Path) -> None:
    told = subprocess.run(["go", "mod", "download", "-json", f"{MODULE}@{CURRENT}"], capture_output=True, check=True)
    assert json.loads(told.stdout)["Sum"] == SUM, told.stdout
    environment = {**os.environ, "GOBIN": str(folder), "GOFLAGS": "-mod=mod -trimpath -buildvcs=false"}
    command = ["go", "install", f"{MODULE}/cmd/restic@{CURRENT}"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
