"""``zagent cloud logs``: the journal of zagent's units on a host."""

from __future__ import annotations

from collections.abc import Iterable

from zagent import text

from infra.bootstrap.ssh.host import Host, OnLine, must

ALL_DAY = 24 * 3600.0
"""Seconds for which lines are followed."""


def words(units: Iterable[str], lines: int, since: str = "", *, follow: bool = False) -> list[str]:
    """The command: the last lines of these services, named without "zagent-". Pure.

    Whole names: a pattern that nothing in the journal matches yet is an error (systemd, journalctl.c, add_units).
    """
    named = [f"--unit=zagent-{one}.service" for one in units]
    which = [f"--lines={lines}", *([f"--since={since}"] if since else []), *(["--follow"] if follow else [])]
    return ["journalctl", "--no-pager", "--output=short-iso", *named, *which]


def show(host: Host, command: list[str], on_line: OnLine) -> None:
    """Hand on what it prints, line by line as it comes.

    Raises:
        CommandFailed, HostUnreachable: the host can't tell.
        KeyboardInterrupt: the person has seen enough; that command is hung up on.
    """

    def told(line: str) -> None:
        on_line(text.printable(line))

    must(host, "show its journal", *command, on_line=told, patience=ALL_DAY)
