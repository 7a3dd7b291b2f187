"""Who is who on the host, and whose folders there are."""

from __future__ import annotations

from dataclasses import dataclass

from infra.bootstrap.host import must
from infra.bootstrap.steps.base import Target
from infra.bootstrap.want import SERVICE_USER


@dataclass(frozen=True)
class AddUser:
    """Make the user that owns the weights; with the number its files on the volume have, if there are any."""

    uid: int | None

    def __str__(self) -> str:
        return f"add the user {SERVICE_USER}{'' if self.uid is None else f' with the number {self.uid}'}"

    def take(self, to: Target) -> None:
        """A system user that nobody logs in as."""
        number = [] if self.uid is None else ["--uid", str(self.uid)]
        words = ["useradd", "--system", "--user-group", *number, "--no-create-home", "--home-dir", "/nonexistent"]
        must(to.host, str(self), *words, "--shell", "/usr/sbin/nologin", SERVICE_USER)


@dataclass(frozen=True)
class MakeFolder:
    """Make a folder, or give it its mode and owner."""

    path: str
    mode: int
    owner: str

    def __str__(self) -> str:
        return f"make {self.path} for {self.owner}"

    def take(self, to: Target) -> None:
        """By name, so that the owner's number is this host's."""
        words = ["install", "-d", "-m", f"{self.mode:o}", "-o", self.owner, "-g", self.owner, self.path]
        must(to.host, str(self), *words)
