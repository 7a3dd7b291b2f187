"""How the runs of each destination ended, so that status, doctor and the next run know: one file for each."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

from zagent import durable
from zagent.protect import bad as bads
from zagent.volume.layout import Layout

SCHEMA = 1


@dataclass(frozen=True)
class Run:
    """One run of `zagent backup` or its check; ``at`` is when it began, ``error`` what it raised, empty if nothing.

    ``sets`` are the set digests that the destination holds since then, by model in the command line's words.
    """

    at: datetime
    error: str = ""
    exit_code: int = 0
    sets: Mapping[str, str] = field(default_factory=dict)
    copied: int = 0


@dataclass(frozen=True)
class Checked:
    """The last check: which of the parts came last, when, and what is known to be bad since."""

    at: datetime
    part: int
    bad: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """What is known of one destination. A failed run leaves ``success``, the last good one, as it was.

    ``begun`` is when a run began that has not ended, or never did.
    """

    run: Run | None = None
    success: Run | None = None
    check: Checked | None = None
    begun: datetime | None = None

    @property
    def bad(self) -> list[str]:
        """What the last check found, in words."""
        return bads.named(self.check.bad) if self.check else []

    @property
    def failure(self) -> str:
        """What the last run raised; empty where there was none, or it was good."""
        return self.run.error if self.run else ""

    @property
    def trusted(self) -> bool:
        """Whether the last run ended, and well."""
        return self.begun is None and self.run is not None and not self.run.error

    def lacking(self, wanted: Mapping[str, str]) -> list[str]:
        """The models of which the destination does not hold the set with the wanted digest."""
        held = self.success.sets if self.success else {}
        return [model for model, digest in wanted.items() if held.get(model) != digest]

    def after(self, run: Run) -> Record:
        """The record with one more run."""
        return replace(self, run=run, success=self.success if run.error else run, begun=None)


def path(layout: Layout, name: str) -> Path:
    """Where the record of the destination ``name`` is kept."""
    return layout.backups / f"{name}.json"


def read(layout: Layout, name: str) -> Record:
    """The record of a destination; an empty one where there is none that this version understands."""
    try:
        return parse(path(layout, name).read_bytes())
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Record()


def write(layout: Layout, name: str, record: Record) -> None:
    """Write durably.

    Raises:
        OSError: nothing was changed.
    """
    durable.write(path(layout, name), dump(record))


def change(layout: Layout, name: str, changed: Callable[[Record], Record]) -> Record:
    """Write what ``changed`` makes of the record as it is by then; what it is since.

    Others may have noted something since anybody read it last: a check ends while a backup runs.

    Raises:
        OSError: nothing was changed.
    """
    with _alone(layout.backups):
        made = changed(read(layout, name))
        write(layout, name, made)
    return made


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait for the others who are changing a record: that takes each a moment. Only the kernel keeps this lock."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def dump(record: Record) -> bytes:
    """The bytes of a record. Pure."""
    return (json.dumps({"schema": SCHEMA, **asdict(record)}, indent=2, default=str) + "\n").encode()


def parse(content: bytes) -> Record:
    """Understand a record's bytes. Pure.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: they are not one.
    """
    found = json.loads(content)
    if found["schema"] != SCHEMA:
        raise ValueError("another schema")
    check = found["check"]
    if check is not None:
        bad = {model: tuple(paths) for model, paths in check["bad"].items()}
        check = Checked(_moment(check["at"]), check["part"], bad)
    begun = found["begun"] and _moment(found["begun"])
    return Record(_run(found["run"]), _run(found["success"]), check, begun)


def _run(found: dict[str, object] | None) -> Run | None:
    return None if found is None else Run(**{**found, "at": _moment(str(found["at"]))})  # type: ignore[arg-type]


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time without its zone")
    return found


def now() -> datetime:
    """This moment, as records have it."""
    return datetime.now(timezone.utc).replace(microsecond=0)
