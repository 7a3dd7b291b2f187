"""What a host must have come to before it can be looked at: the end of its first boot, and the tools of XFS."""

from __future__ import annotations

from zagent import text

from infra.bootstrap.ssh.host import Host, OnLine, must
from infra.errors import CommandFailed, HostUnsuitable

FIRST_BOOT = 600
"""Seconds for cloud-init to end: it installs and reboots, and a converge in the midst of that would meet anything."""

INSTALLING = 900.0
"""Seconds to fetch and install one small package, most of them for others to let go of dpkg."""

BOOTED = """
command -v cloud-init >/dev/null || exit 0
grep -q '"errors": \\[\\]' /run/cloud-init/result.json 2>/dev/null && exit 0  # it ended well; asking it takes seconds
timeout "$1" cloud-init status --wait >/dev/null 2>&1
code=$?
[ "$code" = 0 ] || [ "$code" = 124 ] || timeout 30 cloud-init status --long 2>/dev/null
exit "$code"
"""
"""Exit code: 0 it ended well, or there is none; 1 or 2 with errors (cloud-init's own "Exit codes"); 124 not yet."""

TOOLS = "command -v mkfs.xfs && command -v xfs_growfs && command -v xfs_freeze"
"""All of them come in xfsprogs, which every image for machine learning that we know has."""

LATE = 124
"""The exit code of timeout(1)."""

INSTALL = """
export DEBIAN_FRONTEND=noninteractive
install() { apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends install xfsprogs; }
install || { apt-get -q -o DPkg::Lock::Timeout=300 update; install; }
"""
"""A fresh image has old lists of packages, or none."""


def ready(host: Host, say: OnLine) -> None:
    """Wait for the end of the host's first boot; see that it has the tools of XFS.

    Raises:
        CommandFailed: its first boot does not end, or its package manager fails.
        HostUnsuitable: a tool is missing, and it has no apt-get.
        HostUnreachable: the line broke.
    """
    _await_first_boot(host, say)
    if host.run(["sh", "-c", TOOLS]).exit_code:
        _install(host, say)


def _await_first_boot(host: Host, say: OnLine) -> None:
    ran = host.run(["sh", "-c", BOOTED, "booted", str(FIRST_BOOT)], patience=FIRST_BOOT + 60.0)
    if ran.exit_code == LATE:
        raise CommandFailed(
            address=host.address, what="end its first boot", why=f"cloud-init still works after {FIRST_BOOT} s"
        )
    if ran.exit_code:
        said = text.printable("; ".join(ran.out.strip().split("\n"))) or f"exit code {ran.exit_code}"
        say(f"warning: cloud-init of {host.address} ended with errors: {said}")


def _install(host: Host, say: OnLine) -> None:
    if host.run(["sh", "-c", "command -v apt-get"]).exit_code:
        hint = "install xfsprogs with the host's own package manager; then run the same command again"
        raise HostUnsuitable(address=host.address, why="it has no xfsprogs, and no apt-get to install it", hint=hint)
    say(f"{host.address} lacks xfsprogs: it is installed")
    must(host, "install xfsprogs", "sh", "-c", INSTALL, patience=INSTALLING)
