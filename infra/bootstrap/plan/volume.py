"""The part of the plan that concerns the data volume: find it, format it once, mount it, know it again. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from zagent.volume import marker
from zagent.volume.marker import Marker

from infra.bootstrap.facts.model import Content, Disk, Facts, Filesystem
from infra.bootstrap.mounting import fstab, fstab_line, strangers, udev_rule
from infra.bootstrap.permission import Record
from infra.bootstrap.steps.base import Step
from infra.bootstrap.steps.files import Place, Reload
from infra.bootstrap.steps.format import Format
from infra.bootstrap.steps.volume import Finish, Grow, Mark, Mount
from infra.bootstrap.want import FSTAB, ROOT, UDEV_RULE, Want
from infra.errors import DiskMissing, FormatRefused, MountRefused

LEFTOVERS = re.compile(r"\.zagent(/\.zagent-.*\.tmp)?")
"""What a crash between mkfs and the marker leaves (zagent.durable); a volume with no more than that is empty."""

UNUSED = 1 << 20
"""Bytes that XFS may leave unused at the end of a disk: less than the smallest allocation group, 64 blocks."""

LOOK = "look at it on the host with `lsblk -f`; zagent touches no disk that it does not know"
REPAIR = "look at `dmesg`, and repair it on the host with xfs_repair, which zagent never runs unasked"
ADOPT = (
    f"if it is the right disk: on the host, sudo mount DEVICE {ROOT}, and adopt it with `zagent volume adopt {ROOT}`"
)
FORMAT = (
    f"if it is the right disk: on the host, sudo mkfs.xfs DEVICE, sudo mount DEVICE {ROOT}, zagent volume adopt {ROOT}"
)


@dataclass(frozen=True)
class VolumePlan:
    """What to do about the volume; ``python`` is what runs the agent, ``agent`` the key of its code."""

    facts: Facts
    want: Want
    record: Record
    python: str
    agent: str

    def steps(self) -> list[Step]:
        """The steps until the volume is mounted and marked.

        Raises:
            DiskMissing, MountRefused, FormatRefused: no step may be taken.
        """
        mount = self.facts.mount
        if mount is None:
            return self._unmounted()
        if mount.source != self.disk.path:
            hint = f"on the host: sudo umount {ROOT}, and take its line out of {FSTAB}"
            raise self._refusal(f"{mount.source} is mounted there", hint)
        return self._mounted(Filesystem(mount.fs_type, mount.uuid), self.facts.content or Content((), ""))

    @cached_property
    def disk(self) -> Disk:
        """The one disk with the wanted serial number; there is no second way to tell it.

        Raises:
            DiskMissing: none has it, or more than one.
        """
        found = [one for one in self.facts.disks if one.serial == self.want.serial]
        if len(found) == 1:
            return found[0]
        there = ", ".join(f"{one.path} ({one.serial or 'no serial number'})" for one in self.facts.disks)
        raise DiskMissing(address=self.facts.address, serial=self.want.serial, disks=there or "none at all")

    def _unmounted(self) -> list[Step]:
        if self.disk.mounted_at:
            elsewhere = ", ".join(self.disk.mounted_at)
            raise self._refusal(f"it is mounted at {elsewhere}", f"on the host: sudo umount {elsewhere}")
        found = self.facts.filesystem
        if found is None or self._is_half_made():
            return self._blank(self._uuid_to_make())
        self._require_known(found)
        return [*self._lines(found), Mount(self.disk.path)]

    def _is_half_made(self) -> bool:
        """Whether record and disk agree that our own mkfs was begun here and cut off."""
        superblock = self.facts.superblock
        return bool(self.record.phase == "formatting" and superblock and superblock.is_half_made(self.record.uuid))

    def _uuid_to_make(self) -> str:
        if self.record.against:
            why = "; ".join(self.record.against)
            raise FormatRefused(disk=self._name, why=why, hint=LOOK if self.record.ours else FORMAT)
        return self.record.uuid or self.want.fresh_uuid

    def _blank(self, uuid: str) -> list[Step]:
        make = Format(self.disk.path, self.disk.serial, uuid)
        mark = Mark(self.python, self.agent, self.want.project, self.want.stack)
        return [make, *self._lines(Filesystem("xfs", uuid)), Mount(self.disk.path), mark, Finish(uuid)]

    def _lines(self, found: Filesystem) -> list[Step]:
        """The files that bring the mount back after a boot, as far as they are not what they should be."""
        for line in strangers(self.facts.fstab):
            if line.split()[1:2] == [ROOT] and not line.startswith("#"):
                hint = f"take that line out of {FSTAB} on the host"
                raise self._refusal(f"{FSTAB} mounts something else there: {line}", hint)
        table = fstab(self.facts.fstab, fstab_line(found.kind, found.uuid))
        rule = udev_rule(self.want.serial)
        steps: list[Step] = [] if table == self.facts.fstab else [Place(FSTAB, table)]
        steps += [] if self.facts.has(UDEV_RULE, rule, 0o644) else [Place(UDEV_RULE, rule)]
        return [*steps, Reload()] if steps else []

    def _require_known(self, found: Filesystem) -> None:
        """An unmounted filesystem is ours by its marker, or by the record while it is empty."""
        if found.kind != "xfs":
            raise self._refusal(f"it holds {found.kind}", LOOK)
        if self.record.phase != "absent" and self.record.uuid != found.uuid:
            raise self._refusal(f"its filesystem is {found.uuid}, the record says {self.record.uuid}", LOOK)
        if self.facts.content is None:
            raise self._refusal("its filesystem can't be read", REPAIR)
        self._marker(found, self.facts.content)

    def _mounted(self, found: Filesystem, content: Content) -> list[Step]:
        made = self._marker(found, content)
        unused = self.disk.size - self.facts.covered
        grow = [Grow(self.disk.path)] if self.facts.covered and unused > UNUSED else []
        return [*self._lines(found), *grow, *self._notes(found, made)]

    def _notes(self, found: Filesystem, made: Marker | None) -> Iterator[Step]:
        if made is None or self.want.serial not in made.lineage:
            owner = made or self.want
            yield Mark(self.python, self.agent, owner.project or "", owner.stack or "")
        if self.record.ours and (self.record.phase, self.record.uuid) != ("done", found.uuid):
            yield Finish(found.uuid)

    def _marker(self, found: Filesystem, content: Content) -> Marker | None:
        """The marker, or None on the empty filesystem that the record says we were making.

        Raises:
            MountRefused: there is none otherwise, or it is another's, or can't be read.
        """
        if not content.marker:
            self._require_own_and_empty(found, content)
            return None
        try:
            made = marker.parse(content.marker.encode())
        except ValueError as error:
            raise self._refusal(f"its marker can't be read: {error}", LOOK) from error
        if made.fs_uuid != found.uuid:
            raise self._refusal(f"its marker is of another filesystem, {made.fs_uuid}", LOOK)
        ours = (self.want.project or None, self.want.stack or None)
        if self.want.project and (made.project, made.stack) != ours:
            raise self._refusal(f"it belongs to {made.owner}, not to {marker.owner(*ours)}", "attach your own volume")
        return made

    def _require_own_and_empty(self, found: Filesystem, content: Content) -> None:
        names = ", ".join(content.names[:5]) or "nothing"
        if (self.record.phase, self.record.uuid) != ("formatting", found.uuid):
            raise self._refusal(f"it has no marker, and no record of a format under way; it holds {names}", ADOPT)
        if not all(map(LEFTOVERS.fullmatch, content.names)):
            raise self._refusal(f"it has no marker, and is not empty: {names}", ADOPT)

    def _refusal(self, why: str, hint: str) -> MountRefused:
        return MountRefused(disk=self._name, why=why, hint=hint)

    @property
    def _name(self) -> str:
        return f"{self.disk.path} ({self.disk.serial})"
