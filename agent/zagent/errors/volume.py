"""Is the data root safe to write? 10-19."""

from __future__ import annotations

from zagent.errors.base import ZagentError


class VolumeError(ZagentError):
    """The data root is not safe to use."""


class DataRootMissing(VolumeError):
    """The data root {path} does not exist, so the data volume is not mounted there"""

    exit_code = 10
    remedy = (
        "zagent volume mount   (or set ZAGENT_DATA_ROOT to where the volume is); where there is no data disk: "
        "mkdir {path}; zagent volume adopt {path} --system-disk; zagent restore --from COPY"
    )


class NotAdopted(VolumeError):
    """{path} is not a data root: it has no marker ({why})"""

    exit_code = 11
    remedy = (
        "zagent volume mount   if the volume is not mounted; zagent volume adopt {path}   if this is a new disk; "
        "where there is no data disk: zagent volume adopt {path} --system-disk; zagent restore --from COPY"
    )


class MarkerDamaged(VolumeError):
    """The marker {path} can't be read: {why}"""

    exit_code = 12
    remedy = "{hint}"


class WrongVolume(VolumeError):
    """The marker of {path} belongs to another filesystem: it says {expected}, mounted is {found}"""

    exit_code = 13
    remedy = (
        "umount {path}; zagent volume mount   brings the right one. If this is a copy made on purpose: "
        "rm {path}/.zagent/volume.json; zagent volume adopt {path}"
    )


class ReadOnlyVolume(VolumeError):
    """{path} takes no writes: its filesystem is read-only"""

    exit_code = 14
    remedy = (
        "mount -o remount,rw {root}   if `dmesg` shows no disk error; after one: umount {root}, repair with "
        "fsck.ext4 -p or xfs_repair, zagent volume mount"
    )


class VolumeFull(VolumeError):
    """{path} takes no writes: its filesystem is full"""

    exit_code = 15
    remedy = (
        "zagent doctor --fix   deletes half downloads; zagent volume show   tells who uses the rest; or grow the volume"
    )


class NotWritable(VolumeError):
    """{path} can't be read or written as user {user}: {why}"""

    exit_code = 16
    remedy = "run as the owner of {path}, or ask its owner for a folder of your own"


class UnsuitableVolume(VolumeError):
    """{path} can't be a data root: {why}"""

    exit_code = 17
    remedy = "{hint}"


class ForeignVolume(VolumeError):
    """{path} belongs to {owner}, not to {asked}"""

    exit_code = 18
    remedy = "zagent volume adopt {path}{flags}"


class MountFailed(VolumeError):
    """The data volume could not be mounted at {path}: {why}"""

    exit_code = 19
    remedy = "lsblk -f   shows the disks; attach the volume and run `zagent volume mount` again"
