"""The packages on the volume: listed, compiled, checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.bootstrap.checking import PATIENCE, UNIT
from infra.bootstrap.packing import UNCOMPILED
from infra.bootstrap.runtime import Runtime
from infra.bootstrap.ssh.host import must
from infra.bootstrap.steps.base import Target
from infra.bootstrap.want import RUNTIME_LIST

COMPILE = """
set -e
umask 022
new=$(dirname "$3")/.new-$(basename "$3")
rm -rf "$new" "$3"
"$1" -I -X pycache_prefix="$new" -m compileall -q -j 0 --invalidation-mode unchecked-hash -x "/$4/" "$2/lib" \
    >/dev/null || true
mkdir -p "$new$2"
sync -f "$new"
mv -T "$new$2" "$3"
rm -rf "$new"
sync "$(dirname "$3")"
"""
"""Python, the runtime, where its compiled code goes, the package to leave out. Nothing of what is compiled is run.

Python compiles what it can: some files are templates, or for a later Python. It does not look again whether a source
is the one that was compiled: the check of every mount does, and no source changes without a new compilation. Safety
contract of both rm -rf: only folders of the system disk that this step alone makes, and no code is lost that could not
be compiled again."""


@dataclass(frozen=True)
class PlaceList:
    """Write down on the system disk what must be on the volume; ``listing`` is made when it is needed."""

    listing: Callable[[], Path]
    path: str = RUNTIME_LIST

    def __str__(self) -> str:
        return f"write {self.path}"

    def take(self, to: Target) -> None:
        """Replace it whole."""
        content = self.listing()
        must(to.host, f"make the folder of {self.path}", "mkdir", "-p", str(Path(self.path).parent))
        to.host.put(content, self.path, 0o644)


@dataclass(frozen=True)
class Compile:
    """Compile the packages, to the system disk: compiled code can't be listed before, so none lies on the volume."""

    runtime: Runtime

    def __str__(self) -> str:
        return f"compile the packages to {self.runtime.compiled}"

    def take(self, to: Target) -> None:
        """With the interpreter that will run them, on every core."""
        one = self.runtime
        words = ["sh", "-c", COMPILE, "compile", one.python.executable, one.folder, one.compiled, UNCOMPILED]
        must(to.host, str(self), *words)


@dataclass(frozen=True)
class Enable:
    """Have the packages checked after every mount; only ever after a change of the unit, for it reloads systemd."""

    def __str__(self) -> str:
        return f"let every mount start {UNIT}"

    def take(self, to: Target) -> None:
        """Reload the unit's file, then enable it."""
        must(to.host, "reload systemd", "systemctl", "daemon-reload")
        must(to.host, f"enable {UNIT}", "systemctl", "enable", UNIT)


@dataclass(frozen=True)
class Check:
    """Have them checked now."""

    def __str__(self) -> str:
        return "check the packages"

    def take(self, to: Target) -> None:
        """The stamp of an earlier check goes first."""
        must(to.host, str(self), "systemctl", "restart", UNIT, patience=PATIENCE + 60)
