"""Who is who: the numbers of users are the volume's, whatever host it hangs at. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from infra.bootstrap import want as wanted
from infra.bootstrap.facts.model import Facts
from infra.bootstrap.steps.base import Step
from infra.bootstrap.steps.users import AddUser, MakeFolder
from infra.bootstrap.want import SERVICE_USER, Want
from infra.errors import HostUnsuitable


def owner_numbers(facts: Facts, want: Want) -> dict[str, int | None]:
    """The number of each owner of a folder, as this host has it or, for a user to be made, as the volume has it.

    Raises:
        HostUnsuitable: a number means someone else here than on the volume.
    """
    on_volume = {
        one.owner: facts.placed[str(one.path)].owner for one in wanted.folders(want) if str(one.path) in facts.placed
    }
    for name, number in on_volume.items():
        taken = next((other for other, theirs in facts.accounts.items() if theirs == number and other != name), None)
        if facts.accounts.get(name, None if taken else number) != number:
            raise _someone_else(facts, name, number, taken)
    return {one.owner: facts.accounts.get(one.owner, on_volume.get(one.owner)) for one in wanted.folders(want)}


def _someone_else(facts: Facts, name: str, number: int, taken: str | None) -> HostUnsuitable:
    here = f"here that is {taken}" if taken else f"here {name} is number {facts.accounts.get(name)}"
    return HostUnsuitable(
        address=facts.address,
        why=f"on the volume the files of {name} belong to the number {number}, {here}",
        hint=f"on the host: sudo usermod --uid FREE_NUMBER {taken or name}, where nothing runs as {taken or name}",
    )


def accounts(facts: Facts, owners: dict[str, int | None]) -> Iterator[Step]:
    """The service user, where there is none."""
    if SERVICE_USER not in facts.accounts:
        yield AddUser(owners[SERVICE_USER])


def folders(facts: Facts, want: Want, owners: dict[str, int | None]) -> Iterator[Step]:
    """The volume's folders, each with its mode and owner."""
    for one in wanted.folders(want):
        there = facts.placed.get(str(one.path))
        if there is None or (there.mode, there.owner) != (f"{one.mode:o}", owners[one.owner]):
            yield MakeFolder(str(one.path), one.mode, one.owner)
