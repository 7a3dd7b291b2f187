"""The volumes of a stack: the one that it has, and those that it had."""

from __future__ import annotations

from dataclasses import dataclass

from infra import tags
from infra.account import caller, volumes
from infra.account.volumes import Volume
from infra.settings import Settings


@dataclass(frozen=True)
class Kept:
    """A volume, and what `pulumi up` would do with it, in words."""

    volume: Volume
    use: str


def of_stack(settings: Settings) -> list[Kept]:
    """All that there are.

    Raises:
        CloudRefused: AWS does not answer.
    """
    access, you = settings.access, caller.caller(settings.access).owner
    living = volumes.with_tags(access, settings.own_tags)
    former = volumes.with_tags(access, {tags.FORMER: settings.target})
    return [
        *(Kept(one, _use(one, len(living), you)) for one in living),
        *(Kept(one, "kept after a restore; zagent cloud volume purge deletes it") for one in former if not one.stack),
    ]


def _use(volume: Volume, number: int, you: str) -> str:
    if volume.attached_to:
        return f"in use by {', '.join(volume.attached_to)}"
    if number > 1:
        return "one of several; volumeId tells which is meant"
    return "pulumi up adopts it" if volume.owner == you else "somebody else's; adopted only by volumeId"
