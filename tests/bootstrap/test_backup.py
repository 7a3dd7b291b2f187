"""One backup destination for another: the agent itself, on a data root of its own."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

import pytest
from zagent import durable
from zagent.protect import destinations, record
from zagent.protect.record import Record, Run
from zagent.volume import disk as disks
from zagent.volume import marker
from zagent.volume.layout import Layout

from infra.bootstrap.permission import NoRecord
from infra.bootstrap.steps import backup
from infra.bootstrap.steps.backup import AddBackup
from infra.bootstrap.steps.base import Target
from infra.errors import CommandFailed
from tests.bootstrap.local_host import LocalHost
from tests.weights import child

pytestmark = pytest.mark.root

CHILD = 'PYTHONPATH={here} exec {python} -m tests.weights.child {point} {nth} 9 "$@"'
"""The agent, which is killed when it passes a point for the n-th time."""


@pytest.fixture
def host(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalHost:
    """A host whose agent backs up to a folder of another disk."""
    marker.write(root, marker.new("data-disk", "xfs", disks.filesystem_uuid(root)))
    monkeypatch.setenv("ZAGENT_DATA_ROOT", str(root))
    made = LocalHost(tmp_path)
    made.give("zagent", f'exec {sys.executable} -m zagent "$@"')
    monkeypatch.setattr(backup, "LAUNCHER", str(tmp_path / "zagent"))
    take(made, AddBackup(str(tmp_path / "first")))
    return made


def take(host: LocalHost, step: AddBackup) -> list[str]:
    """Take the step; what a person sees of it."""
    said: list[str] = []
    step.take(Target(host, NoRecord(), said.append))
    return said


def places(root: Path) -> dict[str, str]:
    """Where each destination is."""
    return {one.name: one.address for one in destinations.known(Layout(root))}


def test_a_destination_that_can_not_be_made_leaves_the_one_before(host: LocalHost, root: Path, tmp_path: Path) -> None:
    """A typo, no bucket, no credentials: the nights go on to where they went, and why stands in the error."""
    listed = destinations.path(Layout(root)).read_bytes()
    with pytest.raises(CommandFailed, match=f"instead of those to another place: .*mkdir -p {tmp_path}/no"):
        take(host, AddBackup(f"{tmp_path}/no/such", instead=True))
    assert destinations.path(Layout(root)).read_bytes() == listed
    assert places(root) == {"stack": f"{tmp_path}/first"}


def test_another_destination_takes_the_place_of_the_one_before(host: LocalHost, root: Path, tmp_path: Path) -> None:
    """What the first holds stays; of its removal nothing is said."""
    said = take(host, AddBackup(f"{tmp_path}/second", instead=True))
    assert places(root) == {"stack": f"{tmp_path}/second"}
    assert (tmp_path / "first").is_dir()
    assert f"{tmp_path}/first" not in "\n".join(said)


@pytest.mark.parametrize("point", ["durable:temp-written", "durable:renamed"])
def test_an_exchange_that_is_cut_off_leaves_the_one_or_the_other(
    host: LocalHost, root: Path, tmp_path: Path, point: str
) -> None:
    """Killed at every write that it makes, one after another; what is wanted comes with the next, and nothing else."""
    layout, second = Layout(root), AddBackup(f"{tmp_path}/second", instead=True)
    seen, known = set(), Record(Run(record.now()), Run(record.now()))
    for nth in count(1):
        destinations.write(layout, [destinations.named("stack", f"{tmp_path}/first")])
        record.write(layout, "stack", known)
        host.give("zagent", CHILD.format(python=sys.executable, here=child.ROOT, point=point, nth=nth))
        try:
            take(host, second)
            break
        except CommandFailed as failed:
            if "exit code -9" not in failed.message:
                raise
            (place,) = places(root).values()
            seen.add(Path(place).name)
            assert place == f"{tmp_path}/first" or record.read(layout, "stack") == Record(), "it was never backed up to"
    assert nth > 2, "it was killed, and more than once"
    assert seen == ({"first"} if point == "durable:temp-written" else {"first", "second"})
    assert places(root) == {"stack": f"{tmp_path}/second"}
    assert record.read(layout, "stack") == Record()
    names = {one.name for one in layout.backups.iterdir() if not durable.is_leftover(one)}
    assert names == {"destinations.json", "stack.json"}
