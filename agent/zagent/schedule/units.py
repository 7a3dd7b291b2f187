"""Which units there must be, word for word. Pure but for reading the templates in ``zagent/units``."""

from __future__ import annotations

import os
import re
import string
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

from zagent.errors import NoDestination, UsageError
from zagent.protect import destinations
from zagent.settings import AGENT_ENV, SERVICE_USER
from zagent.volume import trend
from zagent.volume.layout import Layout

QUICK, DEEP, BACKUP, BACKUP_CHECK = "zagent-verify-quick", "zagent-verify", "zagent-backup", "zagent-backup-check"

JOBS = (QUICK, DEEP, BACKUP, BACKUP_CHECK)
"""Each is a service and a timer of that name."""


def service(job: str) -> str:
    """The service of one of the jobs, as systemd calls it."""
    return f"{job}.service"


SERVICES = tuple(map(service, JOBS))
TIMERS = tuple(f"{job}.timer" for job in JOBS)

FAILED = "zagent-failed@.service"
"""The template that every service starts when it fails; systemd knows it only with a service's name in it."""

UNITS = (*SERVICES, *TIMERS, FAILED)

ON_FAILURE = Path("/etc/zagent/on-failure")
"""What is run with the name of a service that failed, if root has put a program there."""

TOOLS = Path("/opt/zagent/tools")
"""Where root keeps a restic that was fetched (``zagent.protect.restic.binary``)."""

PARTS = {
    "bound_to_the_mount": "mount.part",
    "has_a_destination": "destination.part",
    "failure": "failure.part",
    "reader": "reader.part",
    "copier": "copier.part",
    "sandbox": "sandbox.part",
}
"""What several units have in common: its name in them, and its file."""

_OURS = "# zagent's"
_MISREAD = re.compile(r"""[\s"'\\%$]""")
"""What systemd reads as something else in a unit (systemd.syntax(7), systemd.unit(5))."""


def wanted(root: Path, copies: Iterable[Path] = ()) -> dict[str, str]:
    """Each unit's file name and text for the data root ``root``, with backups to the folders ``copies``.

    The same folders always give the same.

    Raises:
        UsageError: a unit can't name one of them.
    """
    facts = _facts(Path(os.path.normpath(root)), copies)
    parts = {name: _filled(part, facts) for name, part in PARTS.items()}
    return {name: _filled(name, facts | parts) + "\n" for name in UNITS}


def _facts(root: Path, copies: Iterable[Path]) -> dict[str, str]:
    layout = Layout(root)
    if not root.is_absolute() or not str(root).isprintable() or _MISREAD.search(str(root)):
        raise UsageError(detail=f"the data root {str(root)!r} can't stand in a systemd unit: rename its mount point")
    own = (layout.locks, layout.backups, trend.folder(layout), TOOLS)
    return {
        "root": str(root),
        "mount": mount_unit(root),
        "marker": str(layout.marker),
        "verified": str(layout.verified),
        "space": str(trend.folder(layout)),
        "agent_env": str(AGENT_ENV),
        "user": SERVICE_USER,
        "destinations": str(destinations.path(layout)),
        "writable": " ".join(f"-{one}" for one in own) + "".join(map(_quoted, copies)),
        "tools": str(TOOLS),
        "on_failure": str(ON_FAILURE),
        "no_destination": str(NoDestination.exit_code),
    }


def _quoted(folder: Path) -> str:
    """A folder as one more word, which may be missing as long as its disk is (systemd.syntax(7), "Quoting")."""
    if not str(folder).isprintable():
        raise UsageError(detail=f"the backup folder {str(folder)!r} can't stand in a systemd unit: rename it")
    escaped = re.sub(r"""([\\"'])""", r"\\\1", str(folder)).replace("%", "%%")
    return f' "-{escaped}"'


def _filled(name: str, facts: dict[str, str]) -> str:
    template = files("zagent").joinpath("units", name).read_text(encoding="utf-8")
    return string.Template(template.strip()).substitute(facts)


def mount_unit(path: Path) -> str:
    """The name of the mount unit of ``path``, as systemd.unit(5) escapes paths."""
    return "".join(_escaped(str(path).strip("/"))) + ".mount" if path != Path("/") else "-.mount"


def _escaped(path: str) -> Iterator[str]:
    for at, byte in enumerate(path.encode()):
        one = chr(byte)
        if one == "/":
            yield "-"
        elif re.fullmatch(r"[A-Za-z0-9:_.]", one) and not (one == "." and at == 0):
            yield one
        else:
            yield f"\\x{byte:02x}"


def is_ours(text: str) -> bool:
    """Whether a unit's text says on its first line that it is zagent's."""
    return text.startswith(_OURS)
