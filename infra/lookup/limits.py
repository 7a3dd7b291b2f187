"""What can't be, told before anything is made; and what can, but a person should know. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from infra.account.types import InstanceType
from infra.errors import QuotaTooSmall, VolumeRefused
from infra.lookup.volume import AUTO, Choice
from infra.settings import NEW_VOLUME_GIB, Settings

NEW_THROUGHPUT = 500
"""MiB/s of a new volume; a cold load of the weights waits for the disk, not for the card."""

BASE_IOPS = 3_000
"""What gp3 has when nothing is said (AWS, "General Purpose SSD volumes")."""

IOPS_FOR_THROUGHPUT = 4
"""gp3 gives 0.25 MiB/s for each of its IOPS."""

IOPS_PER_GIB = 500
"""As many as gp3 may have for each GiB."""

WEIGHTS_GB = 20.5
"""The weights in bfloat16, as they are loaded; in GB."""

MIB = 1.048576
"""MB in a MiB."""


def size(settings: Settings, choice: Choice) -> int:
    """The volume's size in GiB.

    Raises:
        VolumeRefused: smaller than what is there already.
    """
    wanted, least = settings.volume_size_gib, 0
    if choice.volume:
        least, why = choice.volume.size, f"{choice.volume.id} has {choice.volume.size} GiB, and no volume can shrink"
    elif choice.snapshot:
        least, why = choice.snapshot.size, f"the snapshot {choice.snapshot.id} holds {choice.snapshot.size} GiB"
    if wanted and wanted < least:
        raise VolumeRefused(wanted=f"{wanted} GiB", key="SizeGib", why=why, number=least)
    return wanted or (choice.volume.size if choice.volume else max(NEW_VOLUME_GIB, least))


def require_performance(settings: Settings, choice: Choice) -> None:
    """Whether the volume's type gives the IOPS and throughput that are wanted.

    Raises:
        VolumeRefused: it does not.
    """
    there, throughput, iops = choice.volume, settings.volume_throughput, settings.volume_iops
    kind = there.kind if there else "gp3"
    if throughput and kind != "gp3":
        raise VolumeRefused(wanted=f"{throughput} MiB/s", key="Throughput", why=f"{kind} has none to set", number=0)
    if iops and kind not in ("gp3", "io1", "io2"):
        raise VolumeRefused(wanted=f"{iops} IOPS", key="Iops", why=f"{kind} has none to set", number=0)
    if kind == "gp3" and (there is None or throughput or iops):
        _require_gp3(throughput or _there(choice)[0], iops or _there(choice)[1], size(settings, choice))


def _there(choice: Choice) -> tuple[int, int]:
    """Throughput and IOPS where the configuration says nothing."""
    return (choice.volume.throughput, choice.volume.iops) if choice.volume else (NEW_THROUGHPUT, BASE_IOPS)


def _require_gp3(throughput: int, iops: int, gib: int) -> None:
    """The limits of gp3; AWS, "General Purpose SSD volumes"."""
    most = max(BASE_IOPS, min(80_000, IOPS_PER_GIB * gib))
    if not BASE_IOPS <= iops <= most:
        why = f"gp3 of {gib} GiB has {BASE_IOPS} to {most}"
        raise VolumeRefused(wanted=f"{iops} IOPS", key="Iops", why=why, number=BASE_IOPS)
    if throughput > iops / IOPS_FOR_THROUGHPUT:
        why = f"gp3 gives 0.25 MiB/s for each of its {iops} IOPS"
        raise VolumeRefused(wanted=f"{throughput} MiB/s", key="Iops", why=why, number=throughput * IOPS_FOR_THROUGHPUT)


def require_quota(found: InstanceType, quota: str, limit: int | None) -> None:
    """Whether the account may run the type at all; an unknown limit is none.

    Raises:
        QuotaTooSmall: it may not.
    """
    if limit is not None and limit < found.vcpus:
        raise QuotaTooSmall(instance_type=found.name, vcpus=found.vcpus, limit=limit, quota=quota)


def warnings(settings: Settings, choice: Choice, found: InstanceType) -> Iterator[str]:
    """What a person should know, a sentence each."""
    volume = choice.volume
    if volume and not volume.encrypted:
        yield f"{volume.id} is not encrypted, and can't become so; a volume restored from its snapshot is"
    if volume and settings.kms_key_arn and volume.key != settings.kms_key_arn:
        yield f"kmsKeyArn is for a new volume; {volume.id} keeps {volume.key or 'none'}"
    if volume and settings.restore != AUTO:
        yield (
            f"restore is still {settings.restore}: that is what a new volume is made of should {volume.id} be lost, "
            "not the newest snapshot; pulumi config set restore auto"
        )
    wanted = (settings.volume_throughput or _there(choice)[0]) * MIB
    if 0 < found.burst < wanted:
        yield (
            f"{found.name} reads at most {found.burst:.0f} MB/s, less than the {wanted:.0f} MB/s of the data volume: "
            f"the {WEIGHTS_GB} GB of weights load in {WEIGHTS_GB * 1000 / found.burst:.0f} s "
            f"instead of {WEIGHTS_GB * 1000 / wanted:.0f} s"
        )
    if not found.cards:
        yield f"{found.name} has no GPU that AWS tells of"
    elif not found.has_bf16:
        yield f"{', '.join(found.cards)} of {found.name} can't compute in bfloat16, which the model is made for"
