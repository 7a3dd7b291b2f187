"""What a running host says of itself: how full its data volume is, and what its own doctor finds."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from infra.account import hosts
from infra.bootstrap.ssh.connecting import connect
from infra.bootstrap.ssh.host import Host
from infra.bootstrap.want import LAUNCHER, ROOT
from infra.errors import HostError, NoWayIn
from infra.operations import find
from infra.operations.status import Status
from infra.settings import Settings

ONE_TRY = 0.0
"""Seconds for which a host that does not answer is tried again."""

PATIENCE = 90.0
"""Seconds for the doctor, whose checks end by themselves after 5 each."""


@dataclass(frozen=True)
class Finding:
    """One check of the host's doctor; ``severity`` is ok, warning or error."""

    check: str
    severity: str
    message: str
    remedy: str


@dataclass(frozen=True)
class Inside:
    """What a host said; ``why`` tells why it said nothing, and is empty where it did.

    ``size`` and ``used`` are bytes of the data volume's filesystem, both 0 where that is not mounted.
    """

    size: int = 0
    used: int = 0
    findings: tuple[Finding, ...] = ()
    why: str = ""


def asked(status: Status) -> Status:
    """The same, with what every host says that runs and has an address."""
    found = {one.id: look(status.settings, one) for one in status.hosts if status.login(one)}
    return replace(status, inside=found)


def look(settings: Settings, host: hosts.Host) -> Inside:
    """Log in once and ask; a host that can't be asked is an answer, too."""
    try:
        login = find.login(settings, host)
        reached = connect(login, lambda line: None, patience=ONE_TRY)
    except (HostError, NoWayIn) as error:
        return Inside(why=error.message)
    try:
        return ask(reached, login.user)
    except HostError as error:
        return Inside(why=error.message)
    finally:
        reached.close()


def ask(host: Host, user: str) -> Inside:
    """The volume's sizes, and what `zagent doctor` finds in a login of this user.

    Raises:
        HostUnreachable: the line broke, or no answer came in time.
    """
    asking = ["findmnt", "--bytes", "--noheadings", "--output", "SIZE,USED", "--mountpoint", ROOT]
    sizes = host.run(asking).out.split()
    size, used = map(int, sizes) if len(sizes) == 2 else (0, 0)
    ran = host.run(["su", "-", user, "-c", f"{shlex.quote(LAUNCHER)} doctor --json"], patience=PATIENCE)
    findings = tuple(parse(ran.out))
    said = ran.err.strip().splitlines() or [f"exit code {ran.exit_code}"]
    return Inside(size, used, findings, "" if findings else f"`zagent doctor` does not run there: {said[-1]}")


def parse(out: str) -> Iterator[Finding]:
    """The doctor's findings, one object a line; what else a login prints is passed over. Pure."""
    for line in out.splitlines():
        try:
            told = json.loads(line)
            yield Finding(told["check"], told["severity"], told["message"], told["remedy"])
        except (ValueError, TypeError, KeyError):
            continue
