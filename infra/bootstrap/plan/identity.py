"""Is the filesystem on the disk this volume's? Its marker, the control plane's record and the disk must agree. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zagent.volume import marker
from zagent.volume.marker import Marker

from infra.bootstrap.facts.model import Content, Disk, Filesystem
from infra.bootstrap.permission import Record
from infra.bootstrap.plan.adoption import Adoption
from infra.bootstrap.want import Want
from infra.errors import MountRefused

LEFTOVERS = re.compile(r"\.zagent(/\.zagent-.*\.tmp)?")
"""What a crash between mkfs and the marker leaves (zagent.durable); a volume with no more than that is empty."""

LOOK = "look at it on the host with `lsblk -f`; zagent touches no disk that it does not know"


@dataclass(frozen=True)
class Identity:
    """What is known of a disk besides what it holds, and how a person makes it the data volume by hand."""

    want: Want
    record: Record
    disk: Disk
    adoption: Adoption

    def of(self, found: Filesystem, content: Content) -> Marker | None:
        """The marker, or None on the empty filesystem that the record says we were making.

        Raises:
            MountRefused: there is none otherwise, or it is another's, or can't be read.
        """
        self.require_recorded(found)
        if not content.marker:
            self._require_own_and_empty(found, content)
            return None
        made = self._parsed(content.marker)
        if made.fs_uuid != found.uuid:
            raise self.refusal(f"its marker is of another filesystem, {made.fs_uuid}", LOOK)
        self._require_owner(made)
        self._require_descent(made)
        return made

    def require_recorded(self, found: Filesystem) -> None:
        """Whether the record, where there is one, is of this filesystem.

        Raises:
            MountRefused: it is of another.
        """
        if self.record.phase != "absent" and self.record.uuid != found.uuid:
            raise self.refusal(f"its filesystem is {found.uuid}, the record says {self.record.uuid}", LOOK)

    def descends(self, made: Marker) -> bool:
        """Whether the marker knows this disk, or one that its volume's snapshot goes back to."""
        return bool({self.want.serial, *self.record.ancestors} & {*made.lineage})

    def refusal(self, why: str, hint: str | Adoption) -> MountRefused:
        """The error that names the disk."""
        return MountRefused(disk=f"{self.disk.path} ({self.disk.serial})", why=why, hint=hint)

    def _require_own_and_empty(self, found: Filesystem, content: Content) -> None:
        names = ", ".join(content.names[:5]) or "nothing"
        if (self.record.phase, self.record.uuid) != ("formatting", found.uuid):
            why = f"it has no marker, and no record of a format under way; it holds {names}"
            raise self.refusal(why, self.adoption)
        if not all(map(LEFTOVERS.fullmatch, content.names)):
            raise self.refusal(f"it has no marker, and is not empty: {names}", self.adoption)

    def _parsed(self, text: str) -> Marker:
        try:
            return marker.parse(text.encode())
        except ValueError as error:
            raise self.refusal(f"its marker can't be read: {error}", LOOK) from error

    def _require_owner(self, made: Marker) -> None:
        ours = (self.want.project or None, self.want.stack or None)
        if self.want.project and (made.project, made.stack) != ours:
            raise self.refusal(f"it belongs to {made.owner}, not to {marker.owner(*ours)}", "attach your own volume")

    def _require_descent(self, made: Marker) -> None:
        """A data root on a disk that its marker does not know must have come there by a snapshot of one it knows.

        Where nobody keeps a record, the person who named the disk vouches for it (NoRecord).
        """
        if self.descends(made) or not self.record.is_kept:
            return
        hint = (
            "if it is the right one, say so by naming it: "
            f"zagent cloud converge {self.want.stack} --serial {self.disk.serial}   then run the same command again"
        )
        lived = f"by its marker it has lived on {', '.join(made.lineage) or 'no disk'} and never on this one"
        raise self.refusal(f"{lived}, and {self._birth()}", hint)

    def _birth(self) -> str:
        if self.record.blank_born:
            return "the volume was made from no snapshot: somebody copied it there"
        if self.record.ancestors:
            return f"the volume's snapshot is of {', '.join(self.record.ancestors)}"
        return "nothing tells of what volume its snapshot was taken: it is deleted, or a copy from another region"
