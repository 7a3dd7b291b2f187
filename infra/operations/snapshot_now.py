"""``zagent cloud snapshot now``: a snapshot whose bytes are proved, of a filesystem that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from infra import tags
from infra.account import volumes
from infra.account.access import answered
from infra.account.snapshots import VERIFIED, Snapshot
from infra.bootstrap.ssh.connecting import connect
from infra.bootstrap.ssh.host import Host, must
from infra.bootstrap.want import ROOT
from infra.errors import CommandFailed, DiskMissing, SnapshotFailed
from infra.operations import find, proof, taking
from infra.operations.taking import Say
from infra.settings import Settings

WATCHDOG = "zagent-thaw"
STILL = 30
"""Seconds after which the host thaws by itself, whatever became of us."""

FLUSH = 3600.0
"""Seconds for all that is to be written: a large host holds tens of GB of it in memory, and a volume may be slow."""

LOCK = "/run/zagent-freeze.lock"
"""Held by a freeze until it has ended: it can neither be thawed nor killed while it waits for somebody who writes."""

FREEZE = 'umask 077; exec flock "$1" xfs_freeze -f "$0"'
THAW = 'umask 077; for each in 1 2 3 4 5 6; do flock "$1" xfs_freeze -u "$0" && exit 0; sleep 5; done'
"""The lock is root's alone, so that nobody else keeps the watchdog waiting. Tried again, as a freeze may begin late."""


@dataclass
class Frozen:
    """A filesystem that stands still; ``held`` says that it did so until it was thawed by us."""

    held: bool = False


def take(settings: Settings, say: Say) -> Snapshot:
    """Snapshot the data volume of the stack's running host; returns when it is completed and tagged as verified.

    Raises:
        NotProved: the weights are not whole.
        SnapshotFailed: it is not completed, or the filesystem did not stand still while it began.
        NoHost, DiskMissing, HostError, CloudRefused: as they say.
    """
    found = find.host(settings)
    volume = volumes.with_id(settings.access, found.volume_id)
    if volume is None:
        raise DiskMissing(address=found.login.address, serial=found.volume_id, disks="a volume that is gone")
    host = connect(found.login, say)
    digest = proof.require(host, say)
    with frozen(host) as state:
        unchanged = proof.standing(host) == digest
        made = taking.begin(settings.access, volume, volume.tags)
    say(f"{made}: a snapshot of {volume.id}, {volume.size} GiB; the host works on")
    if why := _against(state, unchanged=unchanged):
        raise SnapshotFailed(snapshot=made, volume=volume.id, how=f"{why}, so it is not tagged as verified")
    with answered():
        marks = {tags.KIND: VERIFIED, tags.SET_DIGEST: digest}
        settings.access.ec2.create_tags(Resources=[made], Tags=tags.listed(marks))
    return taking.completed(settings.access, volume.id, made, say)


def _against(state: Frozen, *, unchanged: bool) -> str:
    if not state.held:
        return f"was begun late: the host had thawed by itself after {STILL} s"
    return "" if unchanged else "holds weights that somebody changed meanwhile"


@contextmanager
def frozen(host: Host) -> Iterator[Frozen]:
    """Hold all writes to the data volume for the length of the block, and at most for STILL seconds.

    A timer of the host's own systemd is armed before: it thaws also where this side or the line dies. What is to be
    written is written before that, so that little is left to wait for.

    Raises:
        CommandFailed, HostUnreachable: it can't be frozen.
    """
    # `xfs_freeze` takes any folder: without a mount it would be the system disk that stands still.
    must(host, f"find the volume at {ROOT}", "mountpoint", ROOT)
    must(host, f"write out {ROOT}", "sync", "--file-system", ROOT, patience=FLUSH)
    _arm(host)
    state, ours = Frozen(), True
    try:
        ran = host.run(["sh", "-c", FREEZE, ROOT, LOCK], patience=STILL)
        ours = ran.exit_code == 0  # else it is somebody else's to thaw
        if not ours:
            raise CommandFailed(address=host.address, what=f"freeze {ROOT}", why=ran.err.strip())
        yield state
    finally:
        state.held = ours and _thawed(host)
        if state.held or not ours:  # else a freeze may still wait for its writers, and only the watchdog will thaw it
            host.run(["systemctl", "stop", f"{WATCHDOG}.timer", f"{WATCHDOG}.service"])


def _arm(host: Host) -> None:
    """It runs on the host by itself, from the system disk."""
    timer = ["systemd-run", "--quiet", "--collect", f"--unit={WATCHDOG}", f"--on-active={STILL}"]
    timer += ["--timer-property=AccuracySec=100ms"]
    must(host, "arm the watchdog", *timer, "sh", "-c", THAW, ROOT, LOCK)


def _thawed(host: Host) -> bool:
    """Whether this thawed it: what does not stand still can't be thawed, so else the watchdog was first."""
    return host.run(["xfs_freeze", "-u", ROOT], patience=STILL).exit_code == 0
