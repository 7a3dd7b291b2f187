"""Who is who on the host, and whose folders there are."""

from __future__ import annotations

from dataclasses import dataclass

from zagent.volume.users import Account

from infra.bootstrap.host import must
from infra.bootstrap.steps.base import Target

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
    """Make a folder, or give it its mode and owner."""

    path: str
    mode: int
    owner: str
    account: Account

    def __str__(self) -> str:
        return f"make {self.path} for {self.owner}"

    def take(self, to: Target) -> None:
        """By number: a name may have two groups."""
        words = ["install", "-d", "-m", f"{self.mode:o}", "-o", str(self.account.uid), "-g", str(self.account.gid)]
        must(to.host, str(self), *words, self.path)
