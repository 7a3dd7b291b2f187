"""Who is who on the host, and whose folders there are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zagent.volume.users import Account

from infra.bootstrap.gather import on_host
from infra.bootstrap.ssh.host import must
from infra.bootstrap.steps.base import Target
from infra.bootstrap.want import ROOT, USERS

ADD = """
set -e
getent group "$1" >/dev/null || groupadd --gid "$3" "$1"
if [ "$4" = service ]
then set -- "$1" "$2" --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin
else set -- "$1" "$2" --create-home --shell /bin/bash
fi
name=$1 number=$2; shift 2
useradd --uid "$number" --gid "$name" "$@" "$name"
"""


@dataclass(frozen=True)
class AddUser:
    """Make a user with the numbers that the volume has for them. Nobody can log in as one with a key of ours."""

    name: str
    account: Account
    service: bool

    def __str__(self) -> str:
        return f"add the user {self.name} with the number {self.account.uid}"

    def take(self, to: Target) -> None:
        """The group first; an earlier try may have made it."""
        numbers = [str(self.account.uid), str(self.account.gid)]
        words = ["sh", "-c", ADD, "add", self.name, *numbers, "service" if self.service else "person"]
        must(to.host, str(self), *words)


@dataclass(frozen=True)
class MakeFolder:
    """Make a folder of the data root, or give it its mode and owner; no link on the volume is followed."""

    path: str
    mode: int
    owner: str
    account: Account
    root: str = ROOT

    def __str__(self) -> str:
        return f"make {self.path} for {self.owner}"

    def take(self, to: Target) -> None:
        """By number: a name may have two groups."""
        below = str(Path(self.path).relative_to(self.root))
        numbers = (str(self.account.uid), str(self.account.gid))
        must(to.host, str(self), *on_host("below", "folder", self.root, below, f"{self.mode:o}", *numbers))


@dataclass(frozen=True)
class WriteUsers:
    """Write the volume's list of users; no link on the volume is followed."""

    text: str
    path: str = USERS
    root: str = ROOT

    def __str__(self) -> str:
        return f"write {self.path}"

    def take(self, to: Target) -> None:
        """Replace it whole."""
        below = str(Path(self.path).relative_to(self.root))
        must(to.host, str(self), *on_host("below", "file", self.root, below, "644", "0", "0", self.text))
