"""One converge of a host at a time: two that plan from the same facts would take the same steps twice."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from zagent import text

from infra.bootstrap.gather import on_host
from infra.bootstrap.ssh.host import Host
from infra.errors import CommandFailed, ConvergeUnderWay

LOCK = "/run/zagent-converge.lock"
"""Gone with each boot, as is whoever held it."""


@contextmanager
def alone(host: Host, lock: str = LOCK) -> Iterator[None]:
    """Hold the host's lock for the length of the block. Its kernel lets go when this side or the line dies.

    Raises:
        ConvergeUnderWay: somebody else holds it.
        CommandFailed, HostUnreachable: it can't be taken.
    """
    held = host.hold(on_host("hold", lock, me()))
    try:
        word, _, rest = held.line.partition(" ")
        if word == "busy":
            raise ConvergeUnderWay(address=host.address, holder=text.printable(rest) or "it does not say who")
        if word != "held":
            raise CommandFailed(address=host.address, what=f"lock {lock}", why=text.printable(held.line) or "it ended")
        yield
    finally:
        held.close()


def me() -> str:
    """Who this is, for others who wait."""
    return f"{getpass.getuser()} on {socket.gethostname()}"
