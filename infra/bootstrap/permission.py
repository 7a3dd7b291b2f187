"""May a volume be formatted? The answer lives on the volume itself, as a tag that outlives hosts and Pulumi's state.

absent -> formatting:UUID, before mkfs runs with that uuid -> done:UUID, once the marker is durable on it.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from infra import tags
from infra.account import origin
from infra.account.access import Access, answered
from infra.bootstrap.want import serial_of
from infra.errors import CloudRefused

GIB = 1 << 30

Phase = Literal["absent", "formatting", "done"]

VISIBLE_WITHIN = 60.0
"""Seconds until a tag that was set must be seen: the EC2 API is eventually consistent."""


def parse(tag: str) -> tuple[Phase, str]:
    """The phase and its uuid; a value that nobody here wrote counts as done, so that nothing is formatted. Pure."""
    if not tag:
        return "absent", ""
    found = re.fullmatch(r"formatting:([0-9a-f-]{36})", tag)
    return ("formatting", found[1]) if found else ("done", tag.removeprefix("done:"))


@dataclass(frozen=True)
class Record:
    """What the control plane says of a volume.

    ``size`` is in bytes, None where nobody vouches for the volume; ``ours`` means that the tags are this project's
    and stack's, which an adopted volume gets as well; ``made_here`` that it has the tag of who made it, which Pulumi
    sets only where it makes a volume itself; ``blank_born`` that it was made from no snapshot; ``uuid`` belongs to the
    phase, empty when absent.
    ``from_elsewhere`` means that it was made of a snapshot of which nothing tells that it is of the same owner's volume
    (``origin``); that is asked only while the phase is absent.
    ``ancestors`` are the serial numbers of the volumes that its snapshot goes back to, the nearest first, as far as
    they are still known (``origin``).
    """

    size: int | None = None
    ours: bool = False
    made_here: bool = False
    blank_born: bool = False
    phase: Phase = "absent"
    uuid: str = ""
    from_elsewhere: bool = False
    ancestors: tuple[str, ...] = ()

    @property
    def is_kept(self) -> bool:
        """Whether anybody keeps a record of the volume at all."""
        return self.size is not None

    @property
    def against(self) -> list[str]:
        """Every reason why it may not be formatted, in words; empty when there is none. Pure."""
        if not (self.is_kept and self.ours):
            return ["no record in the cloud says that it is this project's and stack's own new volume"]
        reasons = {
            "it was adopted, and made by somebody else: it has no tag " + tags.OWNER: not self.made_here,
            "it was made from a snapshot, so it holds data": not self.blank_born,
            f"it was formatted before, as {self.uuid}": self.phase == "done",
        }
        return [words for words, holds in reasons.items() if holds]


class Permission(Protocol):
    """Where the record of one volume is kept."""

    def read(self) -> Record:
        """The record as it is now."""

    def begin(self, uuid: str) -> None:
        """Note that a mkfs with ``uuid`` begins; returns once a fresh look shows the note."""

    def finish(self, uuid: str) -> None:
        """Note that the filesystem ``uuid`` is whole and carries the marker."""


class NoRecord:
    """The permission of a machine that Pulumi never made: never to format.

    Whoever names the serial number of a disk there vouches for it, so a data root may go on living on it though its
    marker does not know that disk: it is the road for what no control plane can prove, as for a cloned disk.
    """

    def read(self) -> Record:
        """Nobody vouches for it."""
        return Record()

    def begin(self, uuid: str) -> None:
        """Never reached: the plan refuses first.

        Raises:
            PermissionError: always.
        """
        raise PermissionError(f"nobody allowed a filesystem {uuid}")

    def finish(self, uuid: str) -> None:
        """There is nothing to note it on."""


@dataclass(frozen=True)
class Vouched(NoRecord):
    """The permission of a stack's volume where a person says that its disk is the right one: never to format.

    What no control plane can prove of its descent the person vouches for, as where there is none; that its filesystem
    is the recorded one is still asked, and noted where it was not: from then on the volume is the stack's.
    """

    kept: Permission

    def read(self) -> Record:
        """What is kept, but nothing that speaks for a format or tells of a descent: neither size nor birth."""
        return replace(self.kept.read(), size=None, blank_born=False, ancestors=())

    def finish(self, uuid: str) -> None:
        """Note it where the record is kept.

        Raises:
            CloudRefused: it can't be.
        """
        self.kept.finish(uuid)


@dataclass(frozen=True)
class VolumeTag:
    """The permission of an EBS volume, in its tag ``zagent:format``."""

    volume_id: str
    project: str
    stack: str
    access: Access

    def read(self) -> Record:
        """Ask the control plane.

        Raises:
            CloudRefused: it does not answer, or knows no such volume.
        """
        with answered():
            volume = self.access.ec2.describe_volumes(VolumeIds=[self.volume_id])["Volumes"][0]
        found = tags.values(volume.get("Tags", []))
        phase, uuid = parse(found.get(tags.FORMAT, ""))
        source, owner = volume.get("SnapshotId", ""), found.get(tags.OWNER, "")
        return Record(
            size=volume["Size"] * GIB,
            ours=(found.get(tags.PROJECT), found.get(tags.STACK)) == (self.project, self.stack),
            made_here=bool(owner),
            blank_born=not source,
            phase=phase,
            uuid=uuid,
            from_elsewhere=bool(source and phase == "absent" and not origin.is_of(self.access, source, owner)),
            ancestors=tuple(map(serial_of, origin.ancestors(self.access, source, found))),
        )

    def begin(self, uuid: str) -> None:
        """Set the tag, and wait until it is seen: mkfs must not run before.

        Raises:
            CloudRefused: it can't be set, or is not seen.
        """
        self._note(f"formatting:{uuid}")
        until = time.monotonic() + VISIBLE_WITHIN
        while self.read().uuid != uuid:
            if time.monotonic() > until:
                raise CloudRefused(why=f"the tag {tags.FORMAT} of {self.volume_id} was set, but is not seen")
            time.sleep(1)

    def finish(self, uuid: str) -> None:
        """Set the tag.

        Raises:
            CloudRefused: it can't be set.
        """
        self._note(f"done:{uuid}")

    def _note(self, value: str) -> None:
        with answered():
            self.access.ec2.create_tags(Resources=[self.volume_id], Tags=[{"Key": tags.FORMAT, "Value": value}])
