"""Which units there must be, word for word. Pure but for reading the templates in ``zagent/units``."""

from __future__ import annotations

import os
import re
import string
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from zagent.errors import UsageError
from zagent.settings import AGENT_ENV, SERVICE_USER
from zagent.volume.layout import Layout

JOBS = ("zagent-verify-quick", "zagent-verify")
"""Each is a service and a timer of that name."""

SERVICES = tuple(f"{job}.service" for job in JOBS)
TIMERS = tuple(f"{job}.timer" for job in JOBS)

_OURS = "# zagent's"
_MISREAD = re.compile(r"""[\s"'\\%$]""")
"""What systemd reads as something else in a unit (systemd.syntax(7), systemd.unit(5))."""


def wanted(root: Path) -> dict[str, str]:
    """Each unit's file name and text for the data root ``root``; the same root always gives the same.

    Raises:
        UsageError: a unit can't name that folder.
    """
    facts = _facts(Path(os.path.normpath(root)))
    parts = {"bound_to_the_mount": _filled("mount.part", facts), "sandbox": _filled("sandbox.part", facts)}
    return {name: _filled(name, facts | parts) + "\n" for name in (*SERVICES, *TIMERS)}


def _facts(root: Path) -> dict[str, str]:
    layout = Layout(root)
    if not root.is_absolute() or not str(root).isprintable() or _MISREAD.search(str(root)):
        raise UsageError(detail=f"the data root {str(root)!r} can't stand in a systemd unit: rename its mount point")
    return {
        "root": str(root),
        "mount": mount_unit(root),
        "marker": str(layout.marker),
        "verified": str(layout.verified),
        "agent_env": str(AGENT_ENV),
        "user": SERVICE_USER,
    }


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
