"""The part of the plan that concerns the second copy. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from zagent.protect import destinations
from zagent.protect.destinations import Destination

from infra.bootstrap.facts.model import Facts
from infra.bootstrap.steps.backup import AddBackup
from infra.bootstrap.steps.base import Step
from infra.bootstrap.want import BACKUP_NAME, Want


def steps(facts: Facts, want: Want) -> Iterator[Step]:
    """What sets up the stack's destination. It comes when all else is done, for it may need what a person has yet to
    put on the host: a disk, or what a repository asks for.

    Where the stack names none, what people set up on the host stays.
    """
    if not want.backup_target:
        return
    wanted, known = destinations.named(BACKUP_NAME, want.backup_target), _known(facts.destinations)
    if not any((one.kind, one.address) == (wanted.kind, wanted.address) for one in known):
        yield AddBackup(want.backup_target, instead=any(one.name == BACKUP_NAME for one in known))


def _known(text: str) -> list[Destination]:
    """The host's list; one that can't be understood names none, and the step then says on the host what is wrong."""
    try:
        return destinations.parse(text.encode())
    except (ValueError, TypeError, KeyError):
        return []
