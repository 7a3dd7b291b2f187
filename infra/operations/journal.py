"""``zagent cloud logs``: the journal of zagent's units on a host."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from zagent import text

from infra.bootstrap.host import Host, OnLine, must

ALL_DAY = 24 * 3600.0
"""Seconds for which lines are followed."""


class Connected(Host, Protocol):
    """A host whose connection can be ended."""

    def close(self) -> None:
        """End it."""


def words(units: Iterable[str], lines: int, since: str = "", *, follow: bool = False) -> list[str]:
    """The command: the last lines of these services, named without "zagent-". Pure.

    Whole names: a pattern that nothing in the journal matches yet is an error (systemd, journalctl.c, add_units).
    """
    named = [f"--unit=zagent-{one}.service" for one in units]
    which = [f"--lines={lines}", *([f"--since={since}"] if since else []), *(["--follow"] if follow else [])]
    return ["journalctl", "--no-pager", "--output=short-iso", *named, *which]


def show(host: Connected, command: list[str], on_line: OnLine) -> None:
    """Hand on what it prints, line by line as it comes.

    Raises:
        CommandFailed, HostUnreachable: the host can't tell.
        KeyboardInterrupt: the person has seen enough; the connection is closed.
    """

    def told(line: str) -> None:
        on_line(text.printable(line))

    with _ctrl_c_hangs_up(host):
        must(host, "show its journal", *command, on_line=told, patience=ALL_DAY)


@contextmanager
def _ctrl_c_hangs_up(host: Connected) -> Iterator[None]:
    """Without a terminal over there Fabric waits for a command's end also after Ctrl-C (invoke/runners.py, _finish)."""
    before = signal.getsignal(signal.SIGINT)

    def hang_up(number: int, frame: FrameType | None) -> None:
        host.close()
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGINT, hang_up)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
