"""What a host must have come to before it can be looked at: the end of its first boot, and of what a mount starts."""

from __future__ import annotations

from zagent import text

from infra.bootstrap.checking import PATIENCE, UNIT
from infra.bootstrap.ssh.host import Host, OnLine
from infra.bootstrap.want import RUNTIME_STAMPS
from infra.errors import CommandFailed

FIRST_BOOT = 600
"""Seconds for cloud-init to end: it installs and reboots, and a converge in the midst of that would meet anything."""

_CHECKED = f"""
if [ -z "$(ls -A {RUNTIME_STAMPS} 2>/dev/null)" ] && [ -n "$(systemctl show -P Job {UNIT} 2>/dev/null)" ]; then
    timeout {PATIENCE} systemctl start {UNIT} >/dev/null 2>&1
fi
"""
"""The check of the packages, where a mount has just started it: to start what is starting is to wait for it. A look in
the midst of it would find them unchecked, and the plan would have the same bytes read once more."""

BOOTED = f"""{_CHECKED}
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
    """Wait for the end of the host's first boot, and of the check that a mount has started.

    Raises:
        CommandFailed: it does not end.
        HostUnreachable: the line broke.
    """
    ran = host.run(["sh", "-c", BOOTED, "booted", str(FIRST_BOOT)], patience=PATIENCE + FIRST_BOOT + 60.0)
    if ran.exit_code == LATE:
        raise CommandFailed(
            address=host.address, what="end its first boot", why=f"cloud-init still works after {FIRST_BOOT} s"
        )
    if ran.exit_code:
        said = text.printable("; ".join(ran.out.strip().split("\n"))) or f"exit code {ran.exit_code}"
        say(f"warning: cloud-init of {host.address} ended with errors: {said}")
