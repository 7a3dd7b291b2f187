"""How a host is spoken to, whatever carries it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from infra.errors import CommandFailed

OnLine = Callable[[str], None]
"""Called with each line that a command prints, as it comes."""

SSH_PATIENCE = 600.0
"""Seconds until a host must answer SSH: a GPU instance takes minutes to boot, an emulated one as well."""

COMMAND_PATIENCE = 600.0
"""Seconds that a command may take unless its caller knows better."""


@dataclass(frozen=True)
class Ran:
    """What became of a command."""

    exit_code: int
    out: str
    err: str


class Held(Protocol):
    """A command that goes on beside the others, and reads its input until that ends."""

    @property
    def line(self) -> str:
        """The first line it printed, on either stream; empty where it ended without one."""

    def close(self) -> None:
        """End its input, and wait until it has ended, too; quiet where the connection is gone already."""


class Host(Protocol):
    """A machine on which commands run as root."""

    @property
    def address(self) -> str:
        """How people call it."""

    def run(self, words: Sequence[str], *, on_line: OnLine | None = None, patience: float = COMMAND_PATIENCE) -> Ran:
        """Run one command as root and wait for it, at most ``patience`` seconds.

        Raises:
            HostUnreachable: the connection broke, or the command took longer.
            RootRefused: the login may not become root.
        """

    def hold(self, words: Sequence[str]) -> Held:
        """Run one command as root beside those that follow, as soon as it has printed a line.

        Where this side is gone without a word, it hears nothing more: a line comes every quarter of a minute.

        Raises:
            HostUnreachable: the connection broke, or no line came.
            RootRefused: the login may not become root.
        """

    def put(self, content: bytes | Path, path: str, mode: int, owner: str = "root:root") -> None:
        """Make a file of the host, whole or not at all; its folder must exist.

        Raises:
            CommandFailed, HostUnreachable, RootRefused: the file is as before.
        """


def must(host: Host, what: str, *words: str, on_line: OnLine | None = None, patience: float = COMMAND_PATIENCE) -> str:
    """Run a command that has to succeed; what it printed. ``what`` completes "could not …".

    Raises:
        CommandFailed: it did not, with the last line of its words.
    """
    ran = host.run(words, on_line=on_line, patience=patience)
    if ran.exit_code == 0:
        return ran.out
    said = (ran.err.strip() or ran.out.strip()).splitlines()
    raise CommandFailed(address=host.address, what=what, why=said[-1] if said else f"exit code {ran.exit_code}")
