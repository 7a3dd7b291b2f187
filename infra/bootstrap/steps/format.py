"""The only place where a filesystem is made."""

from __future__ import annotations

from dataclasses import dataclass

from infra.bootstrap.blank import Proof
from infra.bootstrap.features import Version, profile
from infra.bootstrap.gather import on_host, prove
from infra.bootstrap.permission import Record
from infra.bootstrap.ssh.host import must
from infra.bootstrap.steps.base import Target
from infra.errors import FormatRefused

LABEL = "zagent-data"
PROFILE = "/run/zagent.xfs.conf"
"""Where mkfs.xfs finds the features of the filesystem; gone after the next boot."""

HINT = (
    "look at it on the host with `wipefs -n` and `lsblk -f`; zagent wipes no disk: if nothing counts, make a new volume"
)


@dataclass(frozen=True)
class Format:
    """Make the data volume's filesystem, once in the volume's life, with the host's mkfs.xfs of version ``mkfs``."""

    device: str
    serial: str
    uuid: str
    mkfs: Version

    def __str__(self) -> str:
        return f"format the blank disk {self.device} ({self.serial}) as XFS {self.uuid}"

    def take(self, to: Target) -> None:
        """Prove again that it may be, note it on the volume, then do it.

        Raises:
            FormatRefused: it may not; nothing was written.
            CommandFailed: mkfs did not end well; the next converge goes on from the note.
        """
        record = to.permission.read()
        unfinished = self._require_permission(record, to)
        to.host.put(profile(self.mkfs).encode(), PROFILE, 0o644)
        proof = self._require_blank(record, unfinished, to)
        if not unfinished:
            to.permission.begin(self.uuid)
        if proof.is_half_made(unfinished):
            must(to.host, f"take back the half-made {self.device}", *on_host("unmake", self.device, self.uuid))
        # Safety contract. mkfs.xfs is reached only when ALL of this was seen within the last seconds:
        #   1. the disk's serial number is the volume's, and no other disk of the host has it (plan, _require_blank);
        #   2. the cloud says: this project's and stack's own volume, made by it of no snapshot, never formatted, or
        #      begun with this very uuid and never ended (_require_permission);
        #   3. it is a whole disk of the volume's size to the byte, and nobody else has it open (_require_blank);
        #   4. blkid -p found nothing three times, wipefs found nothing (_require_blank);
        #   5. its ends, ext4's backup places and 64 samples between are zeros (_require_blank);
        #      4 and 5 may fail only on a disk whose superblock has this very uuid and the mark "in progress";
        #   6. the uuid is noted on the volume, so that a crash from here on is told from a stranger's data (begin).
        #   7. mkfs.xfs is never forced (no -f): what it recognizes stops it, too. -K: it discards nothing.
        words = ["-q", "-K", "-c", f"options={PROFILE}", "-L", LABEL, "-m", f"uuid={self.uuid}", self.device]
        must(to.host, f"format {self.device}", "mkfs.xfs", *words)

    def _require_permission(self, record: Record, to: Target) -> str:
        """The uuid of a mkfs that was begun and never ended, or an empty string."""
        reasons = record.against
        if record.phase == "formatting" and record.uuid != self.uuid:
            reasons = [*reasons, f"a mkfs with another uuid was begun: {record.uuid}"]
        self._refuse_for(reasons, to)
        return record.uuid

    def _require_blank(self, record: Record, unfinished: str, to: Target) -> Proof:
        proof = prove(to.host, self.device, record.size or 0)
        self._refuse_for(proof.against(self.serial, record.size, unfinished), to)
        return proof

    def _refuse_for(self, reasons: list[str], to: Target) -> None:
        if reasons:
            raise FormatRefused(disk=f"{self.device} of {to.host.address}", why="; ".join(reasons), hint=HINT)
