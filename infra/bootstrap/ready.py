"""What a host must have come to before it can be looked at: the end of its first boot."""

from __future__ import annotations

from zagent import text

from infra.bootstrap.ssh.host import Host, OnLine
from infra.errors import CommandFailed

FIRST_BOOT = 600
"""Seconds for cloud-init to end: it installs and reboots, and a converge in the midst of that would meet anything."""

BOOTED = """
command -v cloud-init >/dev/null || exit 0
grep -q '"errors": \\[\\]' /run/cloud-init/result.json 2>/dev/null && exit 0  # it ended well; asking it takes seconds
timeout "$1" cloud-init status --wait >/dev/null 2>&1
code=$?
[ "$code" = 0 ] || [ "$code" = 124 ] || timeout 30 cloud-init status --long 2>/dev/null
exit "$code"
"""
"""Exit code: 0 it ended well, or there is none; 1 or 2 with errors (cloud-init's own "Exit codes"); 124 not yet."""

LATE = 124
"""The exit code of timeout(1)."""


def ready(host: Host, say: OnLine) -> None:
    """Wait for the end of the host's first boot.

    Raises:
        CommandFailed: it does not end.
        HostUnreachable: the line broke.
    """
    ran = host.run(["sh", "-c", BOOTED, "booted", str(FIRST_BOOT)], patience=FIRST_BOOT + 60.0)
    if ran.exit_code == LATE:
        raise CommandFailed(
            address=host.address, what="end its first boot", why=f"cloud-init still works after {FIRST_BOOT} s"
        )
    if ran.exit_code:
        said = text.printable("; ".join(ran.out.strip().split("\n"))) or f"exit code {ran.exit_code}"
        say(f"warning: cloud-init of {host.address} ended with errors: {said}")
