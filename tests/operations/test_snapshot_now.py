"""``zagent cloud snapshot now``: a real XFS that stands still, on this machine, and AWS's API."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from zagent.cli.commands import app
from zagent.volume.layout import Layout
from zagent.weights import manifest
from zagent.weights.manifest import File
from zagent.weights.model import Model

from infra import tags
from infra.account import snapshots
from infra.account.snapshots import Snapshot
from infra.errors import CloudRefused, CommandFailed, SnapshotFailed
from infra.operations import proof, snapshot_now
from infra.operations.taking import Say
from tests import loops
from tests.bootstrap.disk import Disk, run
from tests.bootstrap.local_host import LocalHost
from tests.configured import settings
from tests.localcloud.waiting import until
from tests.operations.cloud import Cloud

pytestmark = pytest.mark.root

ARM = """#!/bin/sh
for one; do case $one in --on-active=*) after=${one#*=};; --*) ;; *) break;; esac; shift; done
[ -e "$0.armed" ] && exit 1
setsid sh -c 'sleep "$0"; exec "$@"' "$after" "$@" >/dev/null 2>&1 &
echo $! >"$0.armed"
"""
DISARM = """#!/bin/sh
[ "$1" = stop ] || exit 1
kill -- "-$(cat "${0%/*}/systemd-run.armed")"
rm "${0%/*}/systemd-run.armed"
"""
"""This machine's systemd does not run it; these two do what is asked of a timer."""

WANTED = manifest.make(Model().id, "master", None, "http://hub", [File("a.safetensors", 5, "0" * 64, True)])


WRITER = """
import os, sys
empty, more = os.pipe()
file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
print("begun", flush=True)
os.splice(empty, file, 1)
"""
"""It writes to a file what comes out of a pipe: nothing. The kernel lets no freeze go on before it ends."""


@dataclass
class Mounted:
    """A host whose data volume is a loop device of this machine's."""

    root: Path
    host: LocalHost

    def touched(self) -> subprocess.Popen[bytes]:
        """A process that writes to it, as soon as it may."""
        return subprocess.Popen(["touch", self.root / "written"])

    @contextmanager
    def writing(self) -> Iterator[subprocess.Popen[str]]:
        """A process in the midst of a write."""
        words = [sys.executable, "-c", WRITER, str(self.root / "slowly")]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout
                assert process.stdout.readline() == "begun\n"
                until(lambda: "pipe" in Path(f"/proc/{process.pid}/wchan").read_text())
                yield process
            finally:
                process.kill()

    @property
    def watchdog_waits(self) -> bool:
        """Whether a process waits for the lock that a freeze has (proc_locks(5))."""
        inode = Path(snapshot_now.LOCK).stat().st_ino
        return any(" -> FLOCK " in one and f":{inode} " in one for one in Path("/proc/locks").read_text().splitlines())

    @property
    def armed(self) -> bool:
        """Whether the watchdog is."""
        return (self.host.tools / "systemd-run.armed").exists()


@pytest.fixture
def mounted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mounted]:
    """With weights that were proved just now."""
    with loops.alone(), tempfile.TemporaryDirectory(prefix="zagent-test-") as name:
        disk = Disk.attach(Path(name))
        for tool, text in (("systemd-run", ARM), ("systemctl", DISARM)):
            (disk.host.tools / tool).write_text(text)
            (disk.host.tools / tool).chmod(0o755)
        root = Path(name, "data")
        root.mkdir()
        run("mkfs.xfs", "-q", disk.device)
        run("mount", disk.device, root)
        try:
            _prove(Layout(root))
            monkeypatch.setattr(snapshot_now, "ROOT", str(root))
            monkeypatch.setattr(snapshot_now, "LOCK", str(Path(name, "lock")))
            monkeypatch.setattr(proof, "LAYOUT", Layout(root))
            monkeypatch.setattr(snapshot_now, "connect", lambda login, say: disk.host)
            yield Mounted(root, disk.host)
        finally:
            subprocess.run(["xfs_freeze", "-u", root], capture_output=True, check=False)
            run("umount", root)
            disk.close()


def _prove(layout: Layout) -> None:
    at = datetime.now(timezone.utc).isoformat()
    record = {"schema": 1, "model": WANTED.model, "set_digest": WANTED.set_digest, "at": at, "ok": True, "bad": []}
    name = layout.manifest(Model().id).name
    for folder, content in ((layout.manifests, manifest.dump(WANTED)), (layout.verified, json.dumps(record).encode())):
        folder.mkdir(parents=True)
        (folder / name).write_bytes(content)


def state(process: subprocess.Popen[bytes]) -> str:
    """The kernel's letter for it; D is waiting, and not to be interrupted."""
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]


def only_snapshot() -> Snapshot:
    """The one that the stack has."""
    own = settings()
    [found] = snapshots.with_tags(own.access, own.own_tags)
    return found


def test_writes_wait_and_then_go_on(mounted: Mounted) -> None:
    """As long as the block lasts; the watchdog is armed before, and not needed."""
    with snapshot_now.frozen(mounted.host) as frozen:
        writer = mounted.touched()
        until(lambda: state(writer) == "D")
        assert mounted.armed
    assert writer.wait() == 0
    assert frozen.held
    assert not mounted.armed


def test_a_host_that_is_not_told_thaws_by_itself(mounted: Mounted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads the outcome sees that it did."""
    monkeypatch.setattr(snapshot_now, "STILL", 1)
    with snapshot_now.frozen(mounted.host) as frozen:
        assert mounted.touched().wait() == 0
    assert not frozen.held


def test_what_fails_meanwhile_does_not_leave_it_frozen(mounted: Mounted) -> None:
    """It is thawed at once, not by the watchdog."""
    with pytest.raises(KeyboardInterrupt), snapshot_now.frozen(mounted.host):
        raise KeyboardInterrupt
    assert mounted.touched().wait() == 0
    assert not mounted.armed


def test_a_freeze_that_waits_longer_than_we_do_is_thawed_all_the_same(
    mounted: Mounted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given up here, it goes on there, and ends when a writer does: the watchdog waits for that, and thaws."""
    monkeypatch.setattr(snapshot_now, "STILL", 1)
    with mounted.writing():
        with pytest.raises(subprocess.TimeoutExpired), snapshot_now.frozen(mounted.host):
            pytest.fail("it went on")
        assert mounted.armed
        until(lambda: mounted.watchdog_waits)
    writer = mounted.touched()
    until(lambda: writer.poll() is not None)


def test_what_somebody_else_froze_stays_theirs(mounted: Mounted) -> None:
    """It is an error, and they thaw it."""
    run("xfs_freeze", "-f", mounted.root)
    with pytest.raises(CommandFailed, match="could not freeze"), snapshot_now.frozen(mounted.host):
        pytest.fail("it went on")
    run("xfs_freeze", "-u", mounted.root)
    assert not mounted.armed


def test_a_folder_without_a_mount_is_never_frozen(mounted: Mounted, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be the filesystem around it that stands still: the system disk."""
    (mounted.root / "folder").mkdir()
    monkeypatch.setattr(snapshot_now, "ROOT", str(mounted.root / "folder"))
    with pytest.raises(CommandFailed, match="is not a mountpoint"), snapshot_now.frozen(mounted.host):
        pytest.fail("it went on")
    assert mounted.touched().wait() == 0


def test_two_at_once(mounted: Mounted) -> None:
    """The second is refused before it touches anything."""

    def second() -> None:
        with snapshot_now.frozen(mounted.host):
            pytest.fail("it went on")

    with snapshot_now.frozen(mounted.host) as frozen, pytest.raises(CommandFailed, match="arm the watchdog"):
        second()
    assert frozen.held


def test_a_verified_snapshot(cloud: Cloud, mounted: Mounted) -> None:
    """Complete, with the volume's tags and the digest of its weights; the host writes on."""
    volume = cloud.volume()
    cloud.host(volume)
    done = CliRunner().invoke(app, ["cloud", "snapshot", "now", "--json"], prog_name="zagent")
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    made = only_snapshot()
    assert (told["snapshot"], told["set_digest"]) == (made.id, WANTED.set_digest)
    assert (made.volume, made.kind, made.completed) == (volume, "verified", True)
    assert made.tags[tags.SET_DIGEST] == WANTED.set_digest
    assert mounted.touched().wait() == 0


def test_a_snapshot_that_aws_refuses_thaws_at_once(
    cloud: Cloud, mounted: Mounted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And leaves none."""
    volume = cloud.volume()
    host, standing = cloud.host(volume), proof.standing

    def gone(asked: LocalHost) -> str:
        cloud.ec2.detach_volume(VolumeId=volume, InstanceId=host)
        until(lambda: cloud.ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"] == "available")
        cloud.ec2.delete_volume(VolumeId=volume)
        return standing(asked)

    monkeypatch.setattr(proof, "standing", gone)
    with pytest.raises(CloudRefused, match="does not exist"):
        snapshot_now.take(settings(), print)
    assert mounted.touched().wait() == 0
    assert not mounted.armed
    assert snapshots.with_tags(settings().access, settings().own_tags) == []


def test_weights_that_change_meanwhile(cloud: Cloud, mounted: Mounted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the proof and the moment in which all stands still: nothing vouches for the snapshot."""
    cloud.host(cloud.volume())
    require = proof.require

    def changed(host: LocalHost, say: Say) -> str:
        found = require(host, say)
        (Layout(mounted.root).verified / Layout(mounted.root).manifest(Model().id).name).unlink()
        return found

    monkeypatch.setattr(proof, "require", changed)
    with pytest.raises(SnapshotFailed, match="somebody changed meanwhile, so it is not tagged as verified"):
        snapshot_now.take(settings(), print)
    assert only_snapshot().kind == "other"
