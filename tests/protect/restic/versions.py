"""The restics that zagent is tried with: the system's, and a current one that is built once from its Go module."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.localcloud import cache

CURRENT = "v0.19.1"
SUM = "h1:LQKkar5/gYxay1OCokAWPBNiLr1lTpt4fhdM4GWqSlY="
"""What go.sum would say of it; the module's own go.sum pins all that it is built with."""

MODULE = "github.com/restic/restic"


def system() -> Path | None:
    """The one on PATH."""
    found = shutil.which("restic")
    return Path(found) if found else None


def current() -> Path | None:
    """The one built from source, made where it is not there yet; None where there is no Go."""
    if not shutil.which("go"):
        return None
    return cache.made("restic-built", cache.key_of(CURRENT, SUM), _build) / "restic"


def _build(folder: Path) -> None:
    told = subprocess.run(["go", "mod", "download", "-json", f"{MODULE}@{CURRENT}"], capture_output=True, check=True)
    assert json.loads(told.stdout)["Sum"] == SUM, told.stdout
    environment = {**os.environ, "GOBIN": str(folder), "GOFLAGS": "-mod=mod -trimpath -buildvcs=false"}
    command = ["go", "install", f"{MODULE}/cmd/restic@{CURRENT}"]
    subprocess.run(command, env=environment, check=True, capture_output=True)


if __name__ == "__main__":
    print(current())
