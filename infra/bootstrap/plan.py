"""Facts and a want in, the next steps out, or a refusal. Pure.

What a mount will show is not known before it is mounted, so a plan ends there; the next facts bring the rest. A host
is as wanted when its plan is empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from infra.bootstrap import agent, wheelhouse
from infra.bootstrap.facts import Facts, Python
from infra.bootstrap.permission import Record
from infra.bootstrap.plan_volume import VolumePlan
from infra.bootstrap.runtime import Runtime, lock_text, resolve
from infra.bootstrap.steps import AddUser, MakeFolder, Place, Pull, Step, Unpack
from infra.bootstrap.want import (
    AGENT_ENV,
    AGENTS,
    LAUNCHER,
    RUNTIMES,
    SERVICE_USER,
    Want,
    agent_env,
    folders,
    launcher,
)
from infra.errors import HostUnsuitable

OLDEST, NEWEST = (3, 10), (3, 13)
"""The Python versions that the agent runs on, both included."""


def plan(facts: Facts, want: Want, record: Record) -> list[Step]:
    """The steps that lead on from these facts.

    Raises:
        DiskMissing, MountRefused, FormatRefused, HostUnsuitable: none may be taken.
    """
    python = suitable(facts)
    runtime = resolve(lock_text(), python, facts.image)
    volume = VolumePlan(facts, want, record, python.executable, agent.key())
    until_mounted = [*_agent(facts, python), *volume.steps()]
    if until_mounted or facts.mount is None:
        return until_mounted
    owners = owner_numbers(facts, want)
    return [
        *_accounts(facts, owners),
        *_folders(facts, want, owners),
        *_runtime(facts, runtime, want),
        *_files(facts, runtime, want),
        *([Pull()] if want.pull and not facts.weights else []),
    ]


def suitable(facts: Facts) -> Python:
    """The host's Python.

    Raises:
        HostUnsuitable: there is none that the agent runs on.
    """
    found = facts.python
    if found and OLDEST <= found.version[:2] <= NEWEST:
        return found
    what = f"its Python is {found.minor}" if found else "it has no python3"
    raise HostUnsuitable(address=facts.address, why=what, hint="take an image with Python 3.10 to 3.13: set amiId")


def _agent(facts: Facts, python: Python) -> Iterator[Step]:
    key = agent.key()
    if f"{AGENTS}/{key}" not in facts.placed:
        yield Unpack("the agent", AGENTS, key, agent.archive, python.executable)


def owner_numbers(facts: Facts, want: Want) -> dict[str, int | None]:
    """The number of each owner of a folder, as this host has it or, for a user to be made, as the volume has it.

    Raises:
        HostUnsuitable: a number means someone else here than on the volume.
    """
    on_volume = {one.owner: facts.placed[str(one.path)].owner for one in folders(want) if str(one.path) in facts.placed}
    for name, number in on_volume.items():
        taken = next((other for other, theirs in facts.accounts.items() if theirs == number and other != name), None)
        if facts.accounts.get(name, None if taken else number) != number:
            raise _someone_else(facts, name, number, taken)
    return {one.owner: facts.accounts.get(one.owner, on_volume.get(one.owner)) for one in folders(want)}


def _someone_else(facts: Facts, name: str, number: int, taken: str | None) -> HostUnsuitable:
    here = f"here that is {taken}" if taken else f"here {name} is number {facts.accounts.get(name)}"
    return HostUnsuitable(
        address=facts.address,
        why=f"on the volume the files of {name} belong to the number {number}, {here}",
        hint=f"on the host: sudo usermod --uid FREE_NUMBER {taken or name}, where nothing runs as {taken or name}",
    )


def _accounts(facts: Facts, owners: dict[str, int | None]) -> Iterator[Step]:
    if SERVICE_USER not in facts.accounts:
        yield AddUser(owners[SERVICE_USER])


def _folders(facts: Facts, want: Want, owners: dict[str, int | None]) -> Iterator[Step]:
    for one in folders(want):
        there = facts.placed.get(str(one.path))
        if there is None or (there.mode, there.owner) != (f"{one.mode:o}", owners[one.owner]):
            yield MakeFolder(str(one.path), one.mode, one.owner)


def _runtime(facts: Facts, runtime: Runtime, want: Want) -> Iterator[Step]:
    if f"{RUNTIMES}/{runtime.key}" not in facts.placed:
        make = partial(wheelhouse.cached, runtime, want.python_index_url)
        yield Unpack("the packages", RUNTIMES, runtime.key, make, runtime.python.executable)


def _files(facts: Facts, runtime: Runtime, want: Want) -> Iterator[Step]:
    wanted = [
        Place(AGENT_ENV, agent_env(want)),
        Place(LAUNCHER, launcher(want, runtime.key, agent.key()), 0o755),
    ]
    yield from (one for one in wanted if not facts.has(one.path, one.content, one.mode))
