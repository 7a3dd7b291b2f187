"""``zagent cloud logs``: the journal of zagent's units on a host."""

from __future__ import annotations

from infra.bootstrap.host import Host, OnLine, must

UNITS = "zagent-*"
ALL_DAY = 24 * 3600.0
"""Seconds for which lines are followed."""


def show(host: Host, lines: int, on_line: OnLine, *, follow: bool) -> None:
    """Hand on the last lines, and with ``follow`` those that come.

    Raises:
        CommandFailed, HostUnreachable: the host can't tell.
    """
    words = ["journalctl", "--no-pager", "--output=short-iso", f"--unit={UNITS}", f"--lines={lines}"]
    must(host, "show its journal", *words, *(["--follow"] if follow else []), on_line=on_line, patience=ALL_DAY)
