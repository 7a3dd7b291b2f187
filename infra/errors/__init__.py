"""What can go wrong on the operator's side; part of the tree in ``zagent.errors``.

ZagentError
├── CloudError 50-59  can the cloud be as wanted?
└── HostError  60-69  can the host be reached, and is it safe to touch?
"""

from __future__ import annotations

from infra.errors.cloud import (
    BadSetting,
    CloudError,
    KeyFileMissing,
    ManyVolumes,
    NoHost,
    NoStack,
    TypeNotOffered,
    WrongZone,
)

__all__ = [
    "BadSetting",
    "CloudError",
    "KeyFileMissing",
    "ManyVolumes",
    "NoHost",
    "NoStack",
    "TypeNotOffered",
    "WrongZone",
]
