"""Everything that can go wrong, as one tree.

ZagentError
├── Unexpected 1, UsageError 2, SystemRefused 3, InputOutputError 4, ToolMissing 5, RootNeeded 6
├── VolumeError     10-19  is the data root safe to write?
├── WeightsError    20-29  are the weights there and whole?
├── GenerateError   30-39  can this image be made?
└── Interrupted     130

The docstring of a class is its message and ``remedy`` the command that mends it; both are templates, filled
with the facts given when it is raised. Every class owns its exit code. docs/02-errors.md is made from this file.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import ClassVar

from zagent.user import user_name


class ZagentError(Exception):
    """Something went wrong."""

    exit_code: ClassVar[int] = 1
    remedy: ClassVar[str] = ""

    def __init__(self, **facts: object) -> None:
        """Fill the message and the remedy with ``facts``; a placeholder without a fact stays as it is."""
        self.facts = facts
        super().__init__(" ".join((type(self).__doc__ or "").split()).format_map(_Kept(facts)))

    @property
    def message(self) -> str:
        """What happened and why."""
        return str(self)

    @property
    def advice(self) -> str:
        """The command that mends it, or nothing; paths are quoted so that a shell takes it as it stands."""
        quoted = {name: quote(str(fact)) if isinstance(fact, Path) else fact for name, fact in self.facts.items()}
        return self.remedy.format_map(_Kept(quoted))


class _Kept(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


class Unexpected(ZagentError):
    """Unexpected {kind}: {detail}"""

    exit_code = 1
    remedy = "run the command again with `zagent --debug …` and report what it prints"


class UsageError(ZagentError):
    """{detail}"""

    exit_code = 2
    remedy = "zagent --help"


class SystemRefused(ZagentError):
    """The operating system refused {path}: {detail}"""

    exit_code = 3
    remedy = "zagent doctor"


class InputOutputError(ZagentError):
    """The disk under {path} answers with I/O errors: {detail}"""

    exit_code = 4
    remedy = "look at `dmesg`; then `zagent verify` tells which files still read"


class ToolMissing(ZagentError):
    """The program {tool} is not installed"""

    exit_code = 5
    remedy = "apt-get install {package}"


class RootNeeded(ZagentError):
    """Only root can {what}"""

    exit_code = 6
    remedy = "sudo -E {command}"


class VolumeError(ZagentError):
    """The data root is not safe to use."""


class DataRootMissing(VolumeError):
    """The data root {path} does not exist, so the data volume is not mounted there"""

    exit_code = 10
    remedy = "zagent volume mount   (or set ZAGENT_DATA_ROOT to where the volume is)"


class NotAdopted(VolumeError):
    """{path} is not a data root: it has no marker ({why})"""

    exit_code = 11
    remedy = "zagent volume mount   if the volume is not mounted; zagent volume adopt {path}   if this is a new disk"


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
    remedy = "zagent volume show   tells who uses what; delete, or grow the volume"


class NotWritable(VolumeError):
    """{path} takes no writes as user {user}: {why}"""

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


class WeightsError(ZagentError):
    """The weights are not there, or not whole."""


class ModelMissing(WeightsError):
    """{model} is not on this volume: {why}"""

    exit_code = 20
    remedy = "zagent pull {model}   (or `zagent weights adopt PATH` to bring in a copy you have)"


class WeightsDamaged(WeightsError):
    """{model}: {why}"""

    exit_code = 21
    remedy = "zagent pull {model} --repair   fetches the bad files only"


class HubUnreachable(WeightsError):
    """The hub {endpoint} can't be reached: {why}"""

    exit_code = 22
    remedy = "check the network or MODELSCOPE_ENDPOINT, then run the same command again: it resumes"


class HubRefused(WeightsError):
    """The hub {endpoint} refused {model}: {why}"""

    exit_code = 23
    remedy = "check the model id and the revision; for a private model set MODELSCOPE_API_TOKEN"


class DownloadFailed(WeightsError):
    """{model} could not be fetched whole: {why}"""

    exit_code = 24
    remedy = "zagent pull {model}   fetches what is missing; finished files are kept"


class NotAModel(WeightsError):
    """{model} can't be used: {why}"""

    exit_code = 25
    remedy = "use a diffusers model whose components all come as safetensors"


class NotEnoughSpace(WeightsError):
    """{path} has {free} free, {needed} are needed"""

    exit_code = 26
    remedy = "zagent volume show   tells who uses what; delete, or grow the volume"


class ModelBusy(WeightsError):
    """{model} is in use by {holder}"""

    exit_code = 27
    remedy = "wait until it is done, or end that process"


class CacheElsewhere(WeightsError):
    """MODELSCOPE_CACHE={cache} ({origin}) is not on the data root {root}: a reset would take the weights with it"""

    exit_code = 28
    remedy = 'unset MODELSCOPE_CACHE; eval "$(zagent env)"'


class ManifestDamaged(WeightsError):
    """The manifest {path} can't be read: {why}"""

    exit_code = 29
    remedy = "zagent pull {model} --repair   makes it anew from the files on the volume"


class GenerateError(ZagentError):
    """The image can't be made."""


class GuidanceRefused(GenerateError):
    """guidance {guidance} refused: Z-Image-Turbo is distilled to run without guidance, any other value doubles
    the work and spoils the image
    """

    exit_code = 30
    remedy = "leave --guidance out, or give 0.0"


class SizeRefused(GenerateError):
    """Size {size} refused: {why}"""

    exit_code = 31
    remedy = "zagent generate --size {nearest}"


class PrecisionRefused(GenerateError):
    """{dtype} refused: {why}"""

    exit_code = 32
    remedy = "leave the precision alone: bfloat16 on a GPU, float32 on a CPU"


class PromptTooLong(GenerateError):
    """The prompt has {tokens} tokens with its template, {over} more than the {limit} the model reads"""

    exit_code = 33
    remedy = "shorten the prompt: nothing is cut silently"


class MemoryShort(GenerateError):
    """Not enough memory for {size} on {device}: {why}"""

    exit_code = 34
    remedy = "{hint}"


class OutOfMemory(GenerateError):
    """{device} ran out of memory while making {size}, also with the smallest plan: {why}"""

    exit_code = 35
    remedy = "zagent generate --size with a smaller size, or end what else uses the memory (`nvidia-smi`)"


class NotFinite(GenerateError):
    """{what} holds NaN or infinite values at {where}: the image would be black or noise, so none was written"""

    exit_code = 36
    remedy = "zagent verify   tells whether the weights are whole; then try another seed or prompt"


class OutputExists(GenerateError):
    """{path} exists already"""

    exit_code = 37
    remedy = "give another name with -o, or --overwrite"


class EngineUnavailable(GenerateError):
    """The engine can't run: {why}"""

    exit_code = 38
    remedy = "{hint}"


class ReplayDiffers(GenerateError):
    """{path} was not reproduced: {why}"""

    exit_code = 39
    remedy = "zagent show {path}   tells with which device, versions and weights it was made"


class Interrupted(ZagentError):
    """Interrupted: nothing was left half done"""

    exit_code = 130


def tree(root: type[ZagentError] = ZagentError) -> Iterator[type[ZagentError]]:
    """Every error class below ``root`` in the order of the file, parents first."""
    for cls in root.__subclasses__():
        yield cls
        yield from tree(cls)


def from_os_error(error: OSError, path: object = None) -> ZagentError:
    """The ZagentError for an operating-system error at ``path`` (default: the file name it carries).

    Never raises; an errno without a class of its own becomes SystemRefused with the system's text.
    """
    where = path if path is not None else error.filename or "a file"
    why = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return VolumeFull(path=where)
    if error.errno == errno.EROFS:
        return ReadOnlyVolume(path=where, root=where)
    if error.errno in (errno.EACCES, errno.EPERM):
        return NotWritable(path=where, user=user_name(), why=why)
    if error.errno in (errno.EIO, errno.EUCLEAN, errno.EREMOTEIO, errno.ESTALE):
        return InputOutputError(path=where, detail=why)
    return SystemRefused(path=where, detail=why)
