"""The volume that outlives every machine."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import tags
from infra.account.volumes import Volume
from infra.lookup.found import Found
from infra.lookup.limits import NEW_THROUGHPUT
from infra.settings import Settings

FIXED_AT_BIRTH = ["snapshotId", "encrypted", "kmsKeyId"]
"""What AWS can't change on a volume: a difference would ask for a replacement, and there must never be one."""

NOT_PULUMIS = [f'tags["{one}"]' for one in (tags.FORMAT, tags.OWNER, tags.MADE_OF)]
"""The permission to format, which the bootstrap keeps on the volume itself; who made it, and what a restore made it of,
which never change. An adopted volume gets none of them: it could not be told from one that was made here."""


@dataclass(frozen=True)
class DataVolumeArgs:
    """The stack's settings, and what was found and decided."""

    settings: Settings
    found: Found


class DataVolume(pulumi.ComponentResource):
    """One EBS volume, adopted if it is there, and kept when the stack is destroyed.

    ``import_`` and ``retain_on_delete`` always stand together: another id in ``import_`` would otherwise delete the
    volume that was there before. Left in place, ``import_`` also makes the engine refuse to ever replace the volume.
    """

    def __init__(self, name: str, args: DataVolumeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("zagent:infra:DataVolume", name, None, opts)
        settings, found, choice = args.settings, args.found, args.found.choice
        self.volume = aws.ebs.Volume(
            f"{name}-volume",
            availability_zone=found.zone,
            size=found.size,
            type="gp3",
            throughput=settings.volume_throughput or NEW_THROUGHPUT,
            iops=settings.volume_iops or None,
            encrypted=True,
            kms_key_id=settings.kms_key_arn or None,  # none means AWS's own key: one of the stack's would die with it
            snapshot_id=choice.snapshot.id if choice.snapshot else None,
            tags=settings.volume_tags(found.caller.owner),
            opts=pulumi.ResourceOptions(
                parent=self,
                retain_on_delete=True,
                import_=choice.volume.id if choice.volume else None,
                ignore_changes=_left_alone(settings, choice.volume),
            ),
        )
        self.id: pulumi.Output[str] = self.volume.id
        self.size: pulumi.Output[int] = self.volume.size
        self.register_outputs({"id": self.id})


def _left_alone(settings: Settings, adopted: Volume | None) -> list[str]:
    """The properties that stay as they are, whatever the program says; a volume found keeps what was not asked for."""
    if adopted is None:
        return NOT_PULUMIS
    asked = {
        "size": settings.volume_size_gib,
        "throughput": settings.volume_throughput,
        "iops": settings.volume_iops,
    }
    return [*NOT_PULUMIS, *FIXED_AT_BIRTH, "type", *(name for name, value in asked.items() if not value)]
