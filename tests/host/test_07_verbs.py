"""`zagent cloud snapshot now` on a host that runs: a snapshot whose bytes are proved, or none that says so."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra import tags
from infra.account import snapshots
from infra.account.access import Access
from infra.account.volumes import Volume
from infra.bootstrap.ssh.host import must
from infra.errors import HostUnreachable, SnapshotFailed
from infra.operations import proof, snapshot_now, taking
from tests.host.disks import mounted
from tests.host.world import World
from tests.localcloud.waiting import until

pytestmark = [pytest.mark.vm, pytest.mark.root, pytest.mark.cloud, pytest.mark.timeout(1800)]


def test_a_verified_snapshot(host: World, tmp_path: Path) -> None:
    """Its filesystem holds every file and needs no repair, its tag names the weights, and the host writes on."""
    made = snapshot_now.take(host.settings, print)
    found = snapshots.own(host.access, made.id)
    assert found is not None
    assert (found.kind, found.completed) == ("verified", True)
    with host.connected() as connected:
        assert found.tags[tags.SET_DIGEST] == proof.require(connected, print)
    host.root("touch /data/.zagent/trial && sync -f /data && rm /data/.zagent/trial")
    copy, kept = tmp_path / "copy.raw", host.kept()
    subprocess.run(["cp", "--sparse=always", host.cloud.state.volumes / f"{made.id}.raw", copy], check=True)
    with mounted(copy, tmp_path) as folder:  # which replays the journal, as a restore would
        assert {path: sha256(folder / path) for path in kept} == kept
    subprocess.run(["xfs_repair", "-n", copy], check=True, capture_output=True)
    host.settled = True


def sha256(path: Path) -> str:
    """The digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_snapshot_that_begins_too_late_is_not_verified(host: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host had thawed by itself: people could write, so nothing vouches for it."""
    begin = taking.begin
    monkeypatch.setattr(snapshot_now, "STILL", 5)

    def late(access: Access, volume: Volume, own: Mapping[str, str]) -> str:
        with host.connected() as connected:
            until(lambda: "inactive" in connected.run(["systemctl", "is-active", "zagent-thaw.timer"]).out, 60)
            must(connected, "write again", "touch", "/data/.zagent/trial")
        return begin(access, volume, own)

    monkeypatch.setattr(taking, "begin", late)
    with pytest.raises(SnapshotFailed, match="so it is not tagged as verified") as failed:
        snapshot_now.take(host.settings, print)
    made = snapshots.own(host.access, str(failed.value.facts["snapshot"]))
    assert made is not None
    assert made.kind != "verified"
    host.root("rm /data/.zagent/trial")
    host.settled = True


def test_a_host_thaws_though_nobody_tells_it_to(host: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """By itself after a while where the line breaks, and nothing is lost; that of the power, test_04 shows."""
    monkeypatch.setattr(snapshot_now, "STILL", 5)
    kept = host.kept()
    with pytest.raises(HostUnreachable), host.connected() as connected, snapshot_now.frozen(connected):
        connected.close()
    host.root("timeout 60 touch /data/.zagent/trial && rm /data/.zagent/trial")
    assert host.kept() == kept
    host.settle()
