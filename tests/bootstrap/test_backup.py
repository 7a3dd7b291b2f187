"""One backup destination for another: the agent itself, on a data root of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from zagent.protect import destinations
from zagent.volume import disk as disks
from zagent.volume import marker
from zagent.volume.layout import Layout

from infra.bootstrap.permission import NoRecord
from infra.bootstrap.steps import backup
from infra.bootstrap.steps.backup import AddBackup
from infra.bootstrap.steps.base import Target
from infra.errors import CommandFailed
from tests.bootstrap.local_host import LocalHost

pytestmark = pytest.mark.root


@pytest.fixture
def host(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalHost:
    """A host whose agent backs up to a folder of another disk."""
    marker.write(root, marker.new("data-disk", "xfs", disks.filesystem_uuid(root)))
    monkeypatch.setenv("ZAGENT_DATA_ROOT", str(root))
    monkeypatch.setattr(backup, "LIST", str(destinations.path(Layout(root))))
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
    listed = Path(backup.LIST).read_bytes()
    with pytest.raises(CommandFailed, match=f"instead of those to another place: .*mkdir -p {tmp_path}/no"):
        take(host, AddBackup(f"{tmp_path}/no/such", instead=True))
    assert Path(backup.LIST).read_bytes() == listed
    assert places(root) == {"stack": f"{tmp_path}/first"}
    assert [one.name for one in Path(backup.LIST).parent.glob("*.before")] == []


def test_another_destination_takes_the_place_of_the_one_before(host: LocalHost, root: Path, tmp_path: Path) -> None:
    """What the first holds stays; of its removal nothing is said."""
    said = take(host, AddBackup(f"{tmp_path}/second", instead=True))
    assert places(root) == {"stack": f"{tmp_path}/second"}
    assert (tmp_path / "first").is_dir()
    assert f"{tmp_path}/first" not in "\n".join(said)
    assert [one.name for one in Path(backup.LIST).parent.glob("*.before")] == []
