"""What can go wrong on the operator's side; part of the tree in ``zagent.errors``.

ZagentError
├── CloudError 50-59  can the cloud be as wanted?
└── HostError  60-69  can the host be reached, and is it safe to touch?
"""

from __future__ import annotations

from infra.errors.cloud import (
    BadSetting,
    CloudError,
    CloudRefused,
    KeyFileMissing,
    ManyVolumes,
    NoHost,
    NoStack,
    TypeNotOffered,
    WrongZone,
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

__all__ = [
    "BadSetting",
    "CloudError",
    "CloudRefused",
    "CommandFailed",
    "DiskMissing",
    "FormatRefused",
    "HostError",
    "HostKeyDiffers",
    "HostKeyUnknown",
    "HostUnreachable",
    "HostUnsuitable",
    "KeyFileMissing",
    "ManyVolumes",
    "MountRefused",
    "NoHost",
    "NoStack",
    "PackagesUnavailable",
    "TypeNotOffered",
    "WrongZone",
]
