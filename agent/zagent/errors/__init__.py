"""Everything that can go wrong, as one tree.

ZagentError
├── Unexpected 1, UsageError 2, SystemRefused 3, InputOutputError 4, ToolMissing 5, RootNeeded 6,
│   SystemdRefused 7, ScheduleRefused 8, RuntimeNeeded 9
├── VolumeError     10-19  is the data root safe to write?
├── WeightsError    20-29  are the weights there and whole?
├── GenerateError   30-39  can this image be made?
├── ProtectError    40-49  is there a second copy, and does it come back? (what restic says: 90-99)
└── Interrupted     130

The docstring of a class is its message and ``remedy`` the command that mends it; both are templates, filled
with the facts given when it is raised. Every class owns its exit code. docs/02-errors.md is made from this package.
"""

from __future__ import annotations

from zagent.errors.base import (
    InputOutputError,
    Interrupted,
    RootNeeded,
    RuntimeNeeded,
    ScheduleRefused,
    SystemdRefused,
    SystemRefused,
    ToolMissing,
    Unexpected,
    UsageError,
    ZagentError,
    tree,
)
from zagent.errors.generate import (
    INSTALL_ENGINE,
    EngineUnavailable,
    GenerateError,
    GuidanceRefused,
    MemoryShort,
    NotFinite,
    OutOfMemory,
    OutputExists,
    PrecisionRefused,
    PromptTooLong,
    ReplayDiffers,
    SizeRefused,
)
from zagent.errors.protect import (
    CopyDamaged,
    DestinationFailed,
    DestinationMissing,
    DestinationRefused,
    NoDestination,
    NothingToProtect,
    NothingToRestore,
    ProtectError,
    RestoreIncomplete,
    SettingsDamaged,
    SourceDamaged,
)
from zagent.errors.system import from_os_error
from zagent.errors.volume import (
    DataRootMissing,
    ForeignVolume,
    MarkerDamaged,
    MountFailed,
    NotAdopted,
    NotWritable,
    ReadOnlyVolume,
    UnsuitableVolume,
    VolumeError,
    VolumeFull,
    WrongVolume,
)
from zagent.errors.weights import (
    CacheElsewhere,
    DownloadFailed,
    HubRefused,
    HubUnreachable,
    ManifestDamaged,
    ModelBusy,
    ModelMissing,
    NotAModel,
    NotEnoughSpace,
    WeightsDamaged,
    WeightsError,
)

__all__ = [
    "INSTALL_ENGINE",
    "CacheElsewhere",
    "CopyDamaged",
    "DataRootMissing",
    "DestinationFailed",
    "DestinationMissing",
    "DestinationRefused",
    "DownloadFailed",
    "EngineUnavailable",
    "ForeignVolume",
    "GenerateError",
    "GuidanceRefused",
    "HubRefused",
    "HubUnreachable",
    "InputOutputError",
    "Interrupted",
    "ManifestDamaged",
    "MarkerDamaged",
    "MemoryShort",
    "ModelBusy",
    "ModelMissing",
    "MountFailed",
    "NoDestination",
    "NotAModel",
    "NotAdopted",
    "NotEnoughSpace",
    "NotFinite",
    "NotWritable",
    "NothingToProtect",
    "NothingToRestore",
    "OutOfMemory",
    "OutputExists",
    "PrecisionRefused",
    "PromptTooLong",
    "ProtectError",
    "ReadOnlyVolume",
    "ReplayDiffers",
    "RestoreIncomplete",
    "RootNeeded",
    "RuntimeNeeded",
    "ScheduleRefused",
    "SettingsDamaged",
    "SizeRefused",
    "SourceDamaged",
    "SystemRefused",
    "SystemdRefused",
    "ToolMissing",
    "Unexpected",
    "UnsuitableVolume",
    "UsageError",
    "VolumeError",
    "VolumeFull",
    "WeightsDamaged",
    "WeightsError",
    "WrongVolume",
    "ZagentError",
    "from_os_error",
    "tree",
]
