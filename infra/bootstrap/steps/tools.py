"""The tools of XFS."""

from __future__ import annotations

from dataclasses import dataclass

from infra.bootstrap.ssh.host import must
from infra.bootstrap.steps.base import Target
from infra.errors import HostUnsuitable

PATIENCE = 900.0
"""Seconds to fetch and install one small package, most of them for others to let go of dpkg."""

INSTALL = """
export DEBIAN_FRONTEND=noninteractive
install() { apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends install xfsprogs; }
install || { apt-get -q -o DPkg::Lock::Timeout=300 update; install; }
"""
"""A fresh image has old lists of packages, or none."""


@dataclass(frozen=True)
class InstallTools:
    """Install xfsprogs, which every image for machine learning that we know has already."""

    def __str__(self) -> str:
        return "install xfsprogs"

    def take(self, to: Target) -> None:
        """Let apt-get do it; a host with another package manager is its people's to mend."""
        if to.host.run(["sh", "-c", "command -v apt-get"]).exit_code:
            hint = "install xfsprogs with the host's own package manager; then run the same command again"
            why = "it has no xfsprogs, and no apt-get to install it"
            raise HostUnsuitable(address=to.host.address, why=why, hint=hint)
        must(to.host, str(self), "sh", "-c", INSTALL, patience=PATIENCE)
