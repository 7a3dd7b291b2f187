"""The rescue environment: a few packages on a host's system disk, for when those on the volume are not to be had.

The command ``zagent`` on a host (infra/bootstrap/launcher.py) says in ZAGENT_RESCUE why it is the rescue that runs.
"""

from __future__ import annotations

import os

from zagent.errors.base import RuntimeNeeded

VARIABLE = "ZAGENT_RESCUE"

ROOT = "root"
"""The reason that is no fault: root never runs code from the volume."""

REASONS = {
    ROOT: ("root runs nothing from the data volume", "run it as a user: sudo -u USER zagent …"),
    "unmounted": (
        "the data volume is not mounted",
        "sudo zagent volume mount   on this host, or zagent cloud converge on the operator's machine",
    ),
    "checking": (
        "the packages on the data volume are still being checked",
        "systemctl status zagent-runtime   tells how far it is; then run the same command again",
    ),
    "differs": (
        "the packages on the data volume are not those that root put there",
        "zagent cloud converge   on the operator's machine; systemctl status zagent-runtime   tells what differs",
    ),
}
"""Each reason of the launcher's in words, and what leads out."""


def reason() -> str:
    """Why this is the rescue environment; empty where it is not."""
    found = os.environ.get(VARIABLE, "")
    return found if found in REASONS else ""


def needs(package: str) -> RuntimeNeeded | None:
    """The error for a package that is not there because this is the rescue environment; None elsewhere."""
    if not reason():
        return None
    why, hint = REASONS[reason()]
    return RuntimeNeeded(package=package, why=why, hint=hint)
