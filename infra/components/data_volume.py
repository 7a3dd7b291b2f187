"""The volume that outlives every machine."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import tags
from infra.lookup import Found
from infra.settings import NEW_VOLUME_GIB, Settings

NEW_THROUGHPUT_MIB = 500
"""MiB/s of a new gp3 volume; a cold load of the weights waits for the disk, not for the card."""

FIXED_AT_BIRTH = ["snapshotId", "encrypted", "kmsKeyId"]
"""What AWS can't change on a volume: a difference would ask for a replacement, and there must never be one."""

PERMISSION_TAG = f'tags["{tags.FORMAT}"]'
"""The permission to format, which the bootstrap keeps on the volume itself; Pulumi neither makes nor reverts it."""


@dataclass(frozen=True)
class DataVolumeArgs:
    """``found`` is the volume to adopt, None makes a blank one in ``zone``."""

    settings: Settings
    found: Found | None
    zone: str


class DataVolume(pulumi.ComponentResource):
    """One EBS volume, adopted if it is there, and kept when the stack is destroyed.

    ``import_`` and ``retain_on_delete`` always stand together: another id in ``import_`` would otherwise delete the
    volume that was there before. Left in place, ``import_`` also makes the engine refuse to ever replace the volume.
    """

    def __init__(self, name: str, args: DataVolumeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("zagent:infra:DataVolume", name, None, opts)
        settings = args.settings
        self.volume = aws.ebs.Volume(
            f"{name}-volume",
            availability_zone=args.zone,
            size=settings.volume_size_gib or NEW_VOLUME_GIB,
            type="gp3",
            throughput=NEW_THROUGHPUT_MIB,
            encrypted=True,
            tags={**settings.tags, "Name": f"{settings.project}-{settings.stack}-data"},
            opts=pulumi.ResourceOptions(
                parent=self,
                retain_on_delete=True,
                import_=args.found.volume_id if args.found else None,
                ignore_changes=_left_alone(args),
            ),
        )
        self.id: pulumi.Output[str] = self.volume.id
        self.register_outputs({"id": self.id})


def _left_alone(args: DataVolumeArgs) -> list[str]:
    """The properties that stay as they are, whatever the program says."""
    if args.found is None:
        return [PERMISSION_TAG]
    kept = [PERMISSION_TAG, *FIXED_AT_BIRTH, "type", "iops", "throughput"]
    return kept if args.settings.volume_size_gib else [*kept, "size"]
