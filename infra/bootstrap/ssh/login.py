"""Where and as whom to log in."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Login:
    """Where and as whom to log in.

    ``host_key`` is the one key to accept (``ssh-ed25519 AAAA…``); without it the person's known_hosts decides.
    ``proxy`` is a command that carries the connection, as OpenSSH's ProxyCommand: %h, %p and %r are filled in.
    """

    address: str
    user: str
    key_file: Path | None
    host_key: str = ""
    port: int = 22
    proxy: str = ""

    @property
    def known_as(self) -> str:
        """The host's name as known_hosts spells it."""
        return self.address if self.port == 22 else f"[{self.address}]:{self.port}"

    @property
    def by_hand(self) -> str:
        """The line with which a person logs in there with OpenSSH."""
        port = [] if self.port == 22 else ["-p", str(self.port)]
        way = ["-o", f"ProxyCommand={self.proxy}"] if self.proxy else []
        return shlex.join(["ssh", *port, *way, f"{self.user}@{self.address}"])
