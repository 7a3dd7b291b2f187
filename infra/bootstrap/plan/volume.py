"""The part of the plan that concerns the data volume: find it, format it once, mount it, know it again. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from zagent.volume.marker import Marker

from infra.bootstrap.facts.model import Content, Disk, Facts, Filesystem
from infra.bootstrap.features import OLDEST, Version
from infra.bootstrap.mounting import fstab, fstab_line, rivals, udev_rule
from infra.bootstrap.permission import Record
from infra.bootstrap.plan.adoption import Adoption
from infra.bootstrap.plan.identity import LOOK, Identity
from infra.bootstrap.steps.base import Step
from infra.bootstrap.steps.files import Place, Reload
from infra.bootstrap.steps.format import Format
from infra.bootstrap.steps.volume import AwaitSize, Finish, Grow, Guard, Mark, Mount, SetAside
from infra.bootstrap.want import FSTAB, LAYOUT, MOUNT_UNIT, ROOT, UDEV_RULE, Want
from infra.errors import DiskMissing, FormatRefused, HostUnsuitable, MountRefused

UNUSED = 1 << 20
"""Bytes that XFS may leave unused at the end of a disk: less than the smallest allocation group, 64 blocks."""

REPAIR = "look at `dmesg`, and repair it on the host with xfs_repair, which zagent never runs unasked"

KINDS = {
    "LVM2_member": "a physical volume of LVM",
    "crypto_LUKS": "an encrypted volume",
    "dos": "a partition table",
    "gpt": "a partition table",
    "linux_raid_member": "a part of a RAID",
    "swap": "swap space",
}
"""What blkid's less telling words mean."""


@dataclass(frozen=True)
class VolumePlan:
    """What to do about the volume; ``python`` is what runs the agent, ``agent`` the key of its code, ``rescue`` the
    folder of the rescue environment.
    """

    facts: Facts
    want: Want
    record: Record
    python: str
    agent: str
    rescue: str

    def steps(self) -> list[Step]:
        """The steps until the volume is mounted and marked.

        Raises:
            DiskMissing, MountRefused, FormatRefused, HostUnsuitable: no step may be taken.
        """
        mount = self.facts.mount
        if mount is None:
            return self._unmounted()
        if mount.source != self.disk.path:
            hint = f"on the host: sudo umount {ROOT}, and take its line out of {FSTAB}"
            raise self._refusal(f"{mount.source} is mounted there", hint)
        if self.facts.content is None:
            raise self._refusal("its filesystem can't be read", REPAIR)
        return self._mounted(Filesystem(mount.fs_type, mount.uuid), self.facts.content)

    @cached_property
    def disk(self) -> Disk:
        """The one disk with the wanted serial number; there is no second way to tell it.

        Raises:
            DiskMissing: none has it.
            MountRefused: more than one.
        """
        found = [one for one in self.facts.disks if one.serial == self.want.serial]
        if len(found) == 1:
            return found[0]
        if found:
            why = f"{' and '.join(one.path for one in found)} both have its serial number"
            raise MountRefused(disk=self.want.serial, why=why, hint="detach the one that is not the data volume")
        there = ", ".join(f"{one.path} ({one.serial or 'no serial number'})" for one in self.facts.disks)
        raise DiskMissing(address=self.facts.address, serial=self.want.serial, disks=there or "none at all")

    @cached_property
    def _identity(self) -> Identity:
        return Identity(self.want, self.record, self.disk, self._adoption)

    @property
    def _adoption(self) -> Adoption:
        return Adoption(self.want, self.disk, self.agent, self.rescue)

    def _unmounted(self) -> list[Step]:
        if self.disk.mounted_at:
            elsewhere = ", ".join(self.disk.mounted_at)
            raise self._refusal(f"it is mounted at {elsewhere}", f"on the host: sudo umount {elsewhere}")
        found = self.facts.filesystem
        if found is None or self._is_half_made():
            self._require_bare()
            return self._blank(self._uuid_to_make(), self._mkfs())
        made = self._require_known(found)
        self._require_bare()
        aside = [SetAside()] if self._is_foreign(made) else []  # at once: the host's timers may be on
        return self._awaited() or [*self._lines(found), Mount(self.disk.path), *aside]

    def _require_bare(self) -> None:
        """What lies in the folder of the system disk would be hidden, and nobody would find it again."""
        bare = self.facts.bare
        if bare is None or (bare.kind == "directory" and not bare.names):
            return
        what = f"holds {', '.join(bare.names[:5])}" if bare.names else f"is a {bare.kind}"
        hint = f"look at it on the host, then: sudo chattr -i {ROOT}; sudo mv {ROOT} {ROOT}.before"
        raise self._refusal(f"{ROOT} on the system disk {what}, which the mount would hide", hint)

    def _is_half_made(self) -> bool:
        """Whether record and disk agree that our own mkfs was begun here and cut off."""
        superblock = self.facts.superblock
        return bool(self.record.phase == "formatting" and superblock and superblock.is_half_made(self.record.uuid))

    def _uuid_to_make(self) -> str:
        reasons = self.record.against
        if self.record.is_kept and self.disk.size != self.record.size:
            reasons = [*reasons, self._other_size]
        if reasons:
            may_be_adopted = self.record.phase == "absent" and not (self.record.ours and self.record.made_here)
            hint = replace(self._adoption, format=True) if may_be_adopted else LOOK
            raise FormatRefused(disk=self._name, why="; ".join(reasons), hint=hint)
        return self.record.uuid or self.want.fresh_uuid

    def _mkfs(self) -> Version:
        found = self.facts.mkfs
        if found and found >= OLDEST:
            return found
        what = f"its mkfs.xfs is {'.'.join(map(str, found))}" if found else "its mkfs.xfs does not tell its version"
        hint = f"on the host: sudo apt-get install xfsprogs   {'.'.join(map(str, OLDEST))} or newer"
        raise HostUnsuitable(address=self.facts.address, why=what, hint=hint)

    def _blank(self, uuid: str, mkfs: Version) -> list[Step]:
        make = Format(self.disk.path, self.disk.serial, uuid, mkfs)
        mark = Mark(self.python, self.agent, self.want.project, self.want.stack)
        return [make, *self._lines(Filesystem("xfs", uuid)), Mount(self.disk.path), mark, Finish(uuid)]

    def _lines(self, found: Filesystem) -> list[Step]:
        """The files that bring the mount back after a boot, as far as they are not what they should be."""
        for line in rivals(self.facts.fstab, ROOT):
            hint = f"take that line out of {FSTAB} on the host"
            raise self._refusal(f"{FSTAB} mounts something else there: {line}", hint)
        table = fstab(self.facts.fstab, fstab_line(found.kind, found.uuid))
        rule = udev_rule(self.want.serial)
        steps: list[Step] = [] if table == self.facts.fstab else [Place(FSTAB, table)]
        steps += [] if self.facts.has(UDEV_RULE, rule, 0o644) else [Place(UDEV_RULE, rule)]
        return [*steps, Reload()] if steps or MOUNT_UNIT in self.facts.unread else []

    def _require_known(self, found: Filesystem) -> Marker | None:
        """An unmounted filesystem is ours by its marker, or by the record while it is empty; the marker."""
        if found.kind != "xfs":
            meaning = f" ({KINDS[found.kind]})" if found.kind in KINDS else ""
            raise self._refusal(f"it holds {found.kind}{meaning}", LOOK)
        if self.facts.content is None:
            self._identity.require_recorded(found)
            raise self._refusal("its filesystem can't be read", REPAIR)
        made = self._identity.of(found, self.facts.content)
        twins = [path for path, uuid in self.facts.uuids.items() if uuid == found.uuid and path != self.disk.path]
        if twins:
            why = f"{', '.join(twins)} carries the filesystem {found.uuid}, too, and a boot could mount either"
            raise self._refusal(why, "detach the copy")
        return made

    def _awaited(self) -> list[Step]:
        """Nothing where the disk has the size of its volume; to wait for it where that has been grown.

        Raises:
            MountRefused: it is larger, and no volume ever shrinks.
        """
        if not self.record.size or self.disk.size == self.record.size:
            return []
        if self.disk.size > self.record.size:
            hint = "if the volume was grown just now, run the same command again; else it is another disk"
            raise self._refusal(self._other_size, hint)
        return [AwaitSize(self.disk.path, self.record.size)]

    def _mounted(self, found: Filesystem, content: Content) -> list[Step]:
        made = self._identity.of(found, content)
        brings = self._is_foreign(made) and str(LAYOUT.backups) in self.facts.placed
        aside = [SetAside()] if brings else []  # before what may fail, and the notes by which the volume is known then
        guard = [Guard()] if self.facts.bare and self.facts.bare.immutable is False else []
        unused = self.disk.size - self.facts.covered
        grow = [Grow(self.disk.path)] if self.facts.covered and unused > UNUSED else []
        return [*aside, *self._lines(found), *guard, *(self._awaited() or grow), *self._notes(found, made)]

    def _notes(self, found: Filesystem, made: Marker | None) -> Iterator[Step]:
        if made is None or self.want.serial not in made.lineage:
            owner = made or self.want
            yield Mark(self.python, self.agent, owner.project or "", owner.stack or "")
        if self.record.ours and (self.record.phase, self.record.uuid) != ("done", found.uuid):
            yield Finish(found.uuid)

    def _is_foreign(self, made: Marker | None) -> bool:
        """Whether the volume comes from elsewhere: a person alone says that it is the right one; or, as its record
        knows of no filesystem yet, it was just now adopted, or made of a snapshot that is not its owner's.
        """
        if made is None:
            return False
        brought = self.record.from_elsewhere or (self.record.ours and not self.record.made_here)
        return not self._identity.descends(made) or (brought and self.record.phase == "absent")

    def _refusal(self, why: str, hint: str) -> MountRefused:
        return self._identity.refusal(why, hint)

    @property
    def _other_size(self) -> str:
        return f"it has {self.disk.size} bytes, the volume has {self.record.size}"

    @property
    def _name(self) -> str:
        return f"{self.disk.path} ({self.disk.serial})"
