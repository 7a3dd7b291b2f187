"""What can go wrong on the operator's side; part of the tree in ``zagent.errors``.

ZagentError
├── CloudError    50-59, 94, 95  can the cloud be as wanted?
├── HostError     60-69  can the host be reached, and is it safe to touch? 90-93 is there a way in, as root and alone?
├── AdoptionError 70-79  which volume is the stack's, and can it be what is wanted?
└── SnapshotError 80-89  can a snapshot be made, used, deleted? a volume? a system disk?
"""

from __future__ import annotations

from infra.errors.cloud import (
    BadSetting,
    CloudError,
    CloudRefused,
    KeyFileMissing,
    NoCapacity,
    NoHost,
    NoImage,
    NoStack,
    NoWayIn,
    QuotaTooSmall,
    StackUnreadable,
    TypeNotOffered,
)
from infra.errors.host import (
    CommandFailed,
    DiskMissing,
    FormatRefused,
    HostError,
    HostKeyDiffers,
    HostKeyUnknown,
    HostUnreachable,
    HostUnsuitable,
    MountRefused,
    PackagesUnavailable,
)
from infra.errors.login import ConvergeUnderWay, HostKeyUnreadable, LoginKeyUnusable, RootRefused
from infra.errors.snapshot import (
    NoSnapshot,
    NotConfirmed,
    NotProved,
    PurgeRefused,
    ResetRefused,
    RestoreRefused,
    SnapshotError,
    SnapshotFailed,
    SnapshotNotYours,
)
from infra.errors.volume import (
    AdoptionError,
    HostLeftBehind,
    ManyVolumes,
    NotYours,
    OtherStack,
    VolumeAlive,
    VolumeGone,
    VolumeInUse,
    VolumeRefused,
    WrongZone,
)

__all__ = [
    "AdoptionError",
    "BadSetting",
    "CloudError",
    "CloudRefused",
    "CommandFailed",
    "ConvergeUnderWay",
    "DiskMissing",
    "FormatRefused",
    "HostError",
    "HostKeyDiffers",
    "HostKeyUnknown",
    "HostKeyUnreadable",
    "HostLeftBehind",
    "HostUnreachable",
    "HostUnsuitable",
    "KeyFileMissing",
    "LoginKeyUnusable",
    "ManyVolumes",
    "MountRefused",
    "NoCapacity",
    "NoHost",
    "NoImage",
    "NoSnapshot",
    "NoStack",
    "NoWayIn",
    "NotConfirmed",
    "NotProved",
    "NotYours",
    "OtherStack",
    "PackagesUnavailable",
    "PurgeRefused",
    "QuotaTooSmall",
    "ResetRefused",
    "RestoreRefused",
    "RootRefused",
    "SnapshotError",
    "SnapshotFailed",
    "SnapshotNotYours",
    "StackUnreadable",
    "TypeNotOffered",
    "VolumeAlive",
    "VolumeGone",
    "VolumeInUse",
    "VolumeRefused",
    "WrongZone",
]
