"""The manifest: what must be there, byte for byte. Pure but for ``read`` and ``write``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from shlex import quote

from zagent import durable
from zagent.errors import ManifestDamaged
from zagent.weights import needed
from zagent.weights.model import DEFAULT_REVISION, Model

SCHEMA = 1


@dataclass(frozen=True, order=True)
class File:
    """One file: path below the snapshot, bytes, SHA-256 in hex; ``confirmed`` when the hub listed that hash."""

    path: str
    size: int
    sha256: str
    confirmed: bool = True


@dataclass(frozen=True)
class Manifest:
    """A model's needed files at one revision, sorted by path.

    ``source`` is the hub's address or the folder it was adopted from; ``commit`` is what the hub said the
    revision was at that moment, since a branch moves. No time is kept, so equal weights make equal manifests.
    """

    model: str
    revision: str
    commit: str | None
    source: str
    files: tuple[File, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(one.size for one in self.files)

    @property
    def unconfirmed(self) -> list[str]:
        """The paths whose hash is only our own reading."""
        return [one.path for one in self.files if not one.confirmed]

    @property
    def set_digest(self) -> str:
        """One digest for the whole set."""
        return set_digest(self.files)


def make(model: str, revision: str, commit: str | None, source: str, files: Iterable[File]) -> Manifest:
    """A manifest with its files in order."""
    return Manifest(model, revision, commit, source, tuple(sorted(files)))


def set_digest(files: Iterable[File]) -> str:
    """SHA-256 over the sorted lines ``<sha256>  <path>`` joined by newlines, none after the last.

    The formula is the directory hash of Cog's managed weights (pkg/model/weightsource/dirhash.go), so that both
    tools name the same set alike.
    """
    lines = sorted(f"{one.sha256}  {one.path}" for one in files)
    return "sha256:" + hashlib.sha256("\n".join(lines).encode()).hexdigest()


def read(path: Path, model: Model) -> Manifest | None:
    """The manifest of ``model`` in ``path``, or None where there is none.

    Raises:
        ManifestDamaged: it can't be understood, its digest does not fit its files, or it is another model's.
        OSError: it can't be read.
    """
    try:
        found = load(path, model.words)
    except FileNotFoundError:
        return None
    if (found.model, found.revision) != (model.id, model.revision):
        why = f"it is that of {found.model} at {found.revision}"
        raise ManifestDamaged(path=path, model=model.words, why=why)
    return found


def load(path: Path, words: str = "") -> Manifest:
    """The manifest in ``path``, whichever model's it is; ``words`` name the model that it should be of.

    Raises:
        ManifestDamaged: it can't be understood, or its digest does not fit its files.
        OSError: it can't be read.
    """
    return understood(path.read_bytes(), path, words=words)


def understood(content: bytes, path: Path, *, where: str = "", words: str = "") -> Manifest:
    """What the bytes of the manifest ``path`` say; ``where`` is how people are told of it, if not by its path. Pure.

    Raises:
        ManifestDamaged: they can't be understood.
    """
    try:
        return parse(content)
    except (ValueError, TypeError, KeyError) as error:
        raise ManifestDamaged(path=where or path, model=words or _named(path), why=_why(error)) from error


def _named(path: Path) -> str:
    """The model that a manifest is of by its file's name, as the command line takes it."""
    name, _, revision = path.stem.partition("@")
    model = quote(name.replace("--", "/", 1))
    return f"{model} --revision {quote(revision)}" if revision not in ("", DEFAULT_REVISION) else model


def _why(error: Exception) -> str:
    return f"it has no {error}" if isinstance(error, KeyError) else str(error)


def parse(content: bytes) -> Manifest:
    """Understand a manifest's bytes.

    Raises:
        ValueError, TypeError, KeyError: they are not one, or were changed by hand.
    """
    found = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError("it is not a JSON object")
    if found.get("schema") != SCHEMA:
        raise ValueError(f"schema {found.get('schema')} is not known to this version, which knows {SCHEMA}")
    files = [_file(**one) for one in found["files"]]
    made = make(found["model"], found["revision"], found["commit"], found["source"], files)
    if made.set_digest != found["set_digest"]:
        raise ValueError("its set digest does not fit its files")
    return made


def _file(path: str, size: int, sha256: str, confirmed: bool) -> File:
    if not isinstance(path, str) or not isinstance(sha256, str) or type(size) is not int or size < 0:
        raise ValueError(f"its entry for {path!r} is not one")
    if not needed.is_inside(path) or not needed.is_wanted(path):
        raise ValueError(f"it names {path!r}, which is no file of a model's folder")
    return File(path, size, sha256, confirmed)


def dump(manifest: Manifest) -> bytes:
    """The manifest's bytes; the same manifest always gives the same."""
    content = {"schema": SCHEMA, **asdict(manifest), "set_digest": manifest.set_digest}
    return (json.dumps(content, indent=2) + "\n").encode()


def write(path: Path, manifest: Manifest) -> None:
    """Write durably; the folder must exist."""
    durable.write(path, dump(manifest))
