"""What the demonstration will do on this machine, how long each part takes, and what it must leave out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zagent.protect.restic import binary

from tests.demo import disk
from tests.localcloud.errors import Missing
from tests.localcloud.parts import cached, missing

MINUTES = {
    "the agent alone": "1",
    "Pulumi CLI": "5, built from source",
    "VM image": "3",
    "the road through the cloud": "20",
}
"""About how long each part takes on two cores without KVM, in minutes, as measured with nothing cached."""


@dataclass(frozen=True)
class Parts:
    """``disk``: the agent's road has disks of its own; ``restic``: what keeps a copy there, so that there is one;
    ``cloud``: the second road can be walked.
    """

    disk: bool
    restic: Path | None
    cloud: bool
    quick: bool
    left_out: tuple[Missing, ...]
    cached: frozenset[str]

    def lines(self) -> list[str]:
        """The introduction."""
        return [
            *(_QUICK if self.quick else _WHOLE),
            *(_PROTECTED if self.restic else ()),
            "",
            *self._times(),
            *self._gaps(),
            "",
        ]

    def _times(self) -> list[str]:
        if not self.cloud:
            return []
        lines = [
            f"  {name:<28} {'ready' if name in self.cached else 'about ' + minutes + ' min'}"
            for name, minutes in MINUTES.items()
        ]
        return ["How long it takes (the CLI and the image are made while the agent's part runs):", *lines]

    def _gaps(self) -> list[str]:
        if not self.left_out:
            return []
        return [
            "Left out on this machine:",
            *(f"  {one.part}: {one.why}\n    to see it: {one.remedy}" for one in self.left_out),
        ]


_QUICK = (
    "zagent's promise on this machine: weights are pulled once, the system disk is reset, and the same picture is",
    "made again with the hub gone. Everything is real but the weights, which are tiny and random (the picture is",
    "coloured noise), served under the real model's name by a hub on loopback.",
)

_WHOLE = (
    "zagent's promise, first with the agent alone, then through a whole cloud on this machine: `pulumi up` makes a",
    "host and a data volume, weights are pulled once, the system disk is lost behind zagent's back, everything but",
    "the volume is destroyed, and after the next `pulumi up` the same picture is made with 0 bytes from the hub.",
    "Real: the Pulumi engine, the AWS provider, Linux hosts with real disks, SSH, the hub's protocol. Stand-ins: AWS's",
    "API (moto), EC2 (QEMU), the weights, which are tiny and random (the picture is coloured noise).",
)

_PROTECTED = (
    "The agent's part ends with a second copy: the weights are lost, one copy is damaged, the restore is killed twice,",
    "and every byte comes back; restic alone brings them, too.",
)


def look(work: Path, *, quick: bool) -> Parts:
    """Find out what can be had; ``work`` is a folder to try things in."""
    reason = disk.why_not(work)
    restic = _restic()
    gaps = [] if reason is None else [Missing("disks of their own for the agent's part", reason, "run it as root")]
    if restic is None:
        gaps.append(Missing("a second copy of the weights", "no restic that zagent takes", "apt-get install restic"))
    without = [] if quick else missing()
    return Parts(
        disk=reason is None,
        restic=restic,
        cloud=not quick and not without,
        quick=quick,
        left_out=(*gaps, *without),
        cached=cached(),
    )


def _restic() -> Path | None:
    """The one on PATH; what zagent has fetched lies in a home, and a home is what the road takes away."""
    found = binary.find()
    return found.path if found and found.path != binary.place() else None
