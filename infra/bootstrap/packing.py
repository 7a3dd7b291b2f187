"""An environment as a tar file, together with the list by which a host knows every file of it again.

The list is JSON: ``folder`` (where it lies on the host), ``links`` ({path: target}) and ``files`` ({path: [mode,
SHA-256]}); paths are relative to the folder. What stands in neither must not be there. Equal packages give equal lists,
whoever makes them: nothing in one is of the machine, the hour or the pip that made it.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from infra.bootstrap.runtime import Runtime

UNCOMPILED = "modelscope"
"""A package that the agent does not import, 2,900 files: it is left uncompiled."""


def pack(runtime: Runtime, site: Path, path: Path) -> str:
    """Write the archive of the packages in ``site``; the text of the list.

    A virtual environment is these files and no more (PEP 405): nothing needs to run on the host to make it.
    """
    config = f"home = {Path(runtime.python.executable).parent}\ninclude-system-site-packages = false\n"
    with tarfile.open(path, "w:gz", compresslevel=6) as tar:
        packed = _Packed(tar, runtime.folder)
        packed.add_text("pyvenv.cfg", config)
        packed.add_link("bin/python", runtime.python.executable)
        if runtime.image:
            packed.add_text(f"{runtime.site}/image.pth", f"{runtime.image}\n")
        for one in _files(site):
            packed.add(f"{runtime.site}/{one.relative_to(site)}", one)
        if runtime.compiled:
            for folder in _sources(site):
                below = f"{runtime.site}/{folder.relative_to(site)}" if folder != site else runtime.site
                packed.add_link(f"{below}/__pycache__", f"{runtime.compiled}/{below}")
    return packed.text


def _files(site: Path) -> Iterator[Path]:
    """All but commands, which are for the interpreter of this machine."""
    for one in sorted(site.rglob("*")):
        if one.relative_to(site).parts[0] != "bin" and not one.is_dir():
            if one.name == "RECORD":
                _forget_commands(one)
            yield one


def _forget_commands(record: Path) -> None:
    """The record of a package also names its commands, whose hashes are those of this machine's path."""
    lines = record.read_text().splitlines()
    record.write_text("".join(f"{line}\n" for line in sorted(lines) if not line.startswith("../")))


def _sources(site: Path) -> list[Path]:
    """The folders whose modules are compiled."""
    found = {one.parent for one in site.rglob("*.py")}
    return sorted(one for one in found if one.relative_to(site).parts[:1] not in {("bin",), (UNCOMPILED,)})


@dataclass
class _Packed:
    """Fills an archive and notes what went into it. All is root's, with mode 755 or 644, from the year 1970."""

    tar: tarfile.TarFile
    folder: str
    links: dict[str, str] = field(default_factory=dict)
    files: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The list."""
        return json.dumps({"folder": self.folder, "links": self.links, "files": self.files}, indent=0, sort_keys=True)

    def add(self, name: str, path: Path) -> None:
        """A file from the disk."""
        status = path.stat()
        with path.open("rb") as handle:
            self._add(name, status.st_size, handle, 0o755 if status.st_mode & 0o100 else 0o644)

    def add_text(self, name: str, text: str) -> None:
        """A file of ours."""
        self._add(name, len(text.encode()), io.BytesIO(text.encode()), 0o644)

    def add_link(self, name: str, target: str) -> None:
        """A symbolic link."""
        info = tarfile.TarInfo(name)
        info.type, info.linkname = tarfile.SYMTYPE, target
        self.tar.addfile(info)
        self.links[name] = target

    def _add(self, name: str, size: int, content: IO[bytes], mode: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, mode
        hashed = _Hashed(content)
        self.tar.addfile(info, hashed)
        self.files[name] = (f"{mode:o}", hashed.digest.hexdigest())


class _Hashed(io.RawIOBase):
    """Reads on behalf of another, and hashes what it hands on."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content
        self.digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """As asked of the other."""
        chunk = self._content.read(size)
        self.digest.update(chunk)
        return chunk
