"""The operator's verbs on a host that runs: a new system disk on purpose, and a snapshot whose bytes are proved."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra import tags
from infra.account import snapshots
from infra.account.access import Access
from infra.account.volumes import Volume
from infra.bootstrap.host import must
from infra.errors import HostUnreachable, ResetRefused, SnapshotFailed
from infra.operations import proof, reset, snapshot_now, taking
from tests.host.world import World
from tests.localcloud.waiting import until

pytestmark = [pytest.mark.series, pytest.mark.vm, pytest.mark.root, pytest.mark.cloud, pytest.mark.timeout(1800)]


def test_a_reset_on_purpose(host: World) -> None:
    """What people keep on the old disk is told; all else comes back from the volume, with 0 bytes from the hub."""
    host.ssh("echo mine >picture.png")
    kept, sent, boot = host.kept(), host.cloud.hub_bytes(), host.boot()
    begun = reset.look(host.settings, print)
    assert reset.valuables(begun) == [("/home/ubuntu/picture.png", 5)]
    reset.carry_out(begun)
    assert list(begun.seconds) == [
        "weights proved",
        "volume let go",
        "system disk replaced",
        "host booted",
        "host converged",
        "weights there",
    ]
    assert host.boot() != boot
    assert host.root("ls /home/ubuntu") == ""
    assert {**host.kept(), **_records(kept)} == kept, "all but the record of the verify that it made"
    assert host.cloud.hub_bytes() == sent
    assert host.converge() == 0


def _records(kept: Mapping[str, str]) -> Mapping[str, str]:
    return {path: digest for path, digest in kept.items() if "/verified/" in path}


def test_a_reset_needs_a_host_that_is_as_wanted(host: World) -> None:
    """Else what is amiss would be laid at the reset's door."""
    host.root("rm /etc/zagent/agent.env")
    with pytest.raises(ResetRefused, match=r"it lacks: write /etc/zagent/agent\.env"):
        reset.look(host.settings, print)


def test_a_verified_snapshot(host: World, tmp_path: Path) -> None:
    """Its filesystem needs no repair, its tag names the weights, and the host writes on."""
    made = snapshot_now.take(host.settings, print)
    found = snapshots.own(host.access, made.id)
    assert found is not None
    assert (found.kind, found.completed) == ("verified", True)
    with host.connected() as connected:
        assert found.tags[tags.SET_DIGEST] == proof.require(connected, print)
    host.root("touch /data/.zagent/trial && sync -f /data && rm /data/.zagent/trial")
    subprocess.run(["xfs_repair", "-n", host.cloud.state.volumes / f"{made.id}.raw"], check=True, capture_output=True)


def test_a_snapshot_that_begins_too_late_is_not_verified(host: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host had thawed by itself: people could write, so nothing vouches for it."""
    begin = taking.begin
    monkeypatch.setattr(snapshot_now, "STILL", 2)

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


@pytest.mark.parametrize("how", ["line", "power"])
def test_a_host_thaws_though_nobody_tells_it_to(host: World, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """By itself after a while where the line breaks; after a power cut it boots as ever, and nothing is lost."""
    monkeypatch.setattr(snapshot_now, "STILL", 5)
    kept = host.kept()
    with pytest.raises(HostUnreachable):
        _lost(host, how)
    host.root("timeout 60 touch /data/.zagent/trial && rm /data/.zagent/trial")
    assert host.kept() == kept
    assert host.converge() == 0


def _lost(host: World, how: str) -> None:
    """Freeze, and be gone."""
    with host.connected() as connected, snapshot_now.frozen(connected):
        connected.close()
        if how == "power":
            host.power_cut()
