"""``zagent cloud snapshot now``: a snapshot whose bytes are proved, of a filesystem that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from infra import tags
from infra.account import volumes
from infra.account.access import answered
from infra.account.snapshots import VERIFIED, Snapshot
from infra.bootstrap.host import Host, connect, must
from infra.bootstrap.want import ROOT
from infra.errors import DiskMissing, SnapshotFailed
from infra.operations import find, proof, taking
from infra.settings import Settings

Say = Callable[[str], None]

WATCHDOG = "zagent-thaw"
STILL = 30
"""Seconds after which the host thaws by itself, whatever became of us."""


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
        made = taking.begin(settings.access, volume, volume.tags)
    say(f"{made}: a snapshot of {volume.id}, {volume.size} GiB; the host works on")
    if not state.held:
        how = f"was begun late: the host had thawed by itself after {STILL} s, so it is not tagged as verified"
        raise SnapshotFailed(snapshot=made, volume=volume.id, how=how)
    with answered():
        marks = {tags.KIND: VERIFIED, tags.SET_DIGEST: digest}
        settings.access.ec2.create_tags(Resources=[made], Tags=tags.listed(marks))
    return taking.completed(settings.access, volume.id, made, say)


@contextmanager
def frozen(host: Host) -> Iterator[Frozen]:
    """Hold all writes to the data volume for the length of the block, and at most for STILL seconds.

    A timer of the host's own systemd is armed before: it thaws also where this side or the line dies.

    Raises:
        CommandFailed, HostUnreachable: it can't be frozen.
    """
    state = Frozen()
    timer = ["systemd-run", "--quiet", "--collect", f"--unit={WATCHDOG}", f"--on-active={STILL}"]
    timer += ["--timer-property=AccuracySec=100ms"]
    must(host, "arm the watchdog", *timer, "xfs_freeze", "-u", ROOT)
    must(host, f"freeze {ROOT}", "xfs_freeze", "-f", ROOT, patience=STILL)
    try:
        yield state
    finally:
        # A filesystem that is not frozen can't be thawed: then the watchdog was first.
        state.held = host.run(["xfs_freeze", "-u", ROOT], patience=STILL).exit_code == 0
        host.run(["systemctl", "stop", f"{WATCHDOG}.timer"])
