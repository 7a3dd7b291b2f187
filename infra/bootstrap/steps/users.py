"""Who is who on the host, and whose folders there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zagent.volume.users import Account

from infra.bootstrap.gather import on_host
from infra.bootstrap.ssh.host import must
from infra.bootstrap.steps.base import Target
from infra.bootstrap.want import ROOT, USERS, Folder

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
class MakeFolders:
    """Make folders of the data root, or give them their modes and owners; no link on the volume is followed.

    ``accounts`` has the numbers of each owner.
    """

    folders: tuple[Folder, ...]
    accounts: Mapping[str, Account]
    root: str = ROOT

    def __str__(self) -> str:
        owners = dict.fromkeys(one.owner for one in self.folders)
        return "make " + "; ".join(f"{', '.join(self._of(owner))} for {owner}" for owner in owners)

    def _of(self, owner: str) -> list[str]:
        return [str(one.path) for one in self.folders if one.owner == owner]

    def take(self, to: Target) -> None:
        """In one go, each below one before it. By number: a name may have two groups."""
        words = [word for one in self.folders for word in self._words(one)]
        must(to.host, str(self), *on_host("below", "folders", self.root, *words))

    def _words(self, folder: Folder) -> tuple[str, ...]:
        below, account = folder.path.relative_to(self.root), self.accounts[folder.owner]
        return str(below), f"{folder.mode:o}", str(account.uid), str(account.gid)


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
