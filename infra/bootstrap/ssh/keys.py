"""Which keys are ours to show, and which the host's to be believed: settled before anything is sent."""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from paramiko.hostkeys import HostKeyEntry, HostKeys, InvalidHostKey

from infra.bootstrap.ssh.login import Login
from infra.errors import HostKeyDiffers, HostKeyUnknown, HostKeyUnreadable, LoginKeyUnusable

UNREADABLE = (
    ValueError,
    TypeError,
    IndexError,
    paramiko.SSHException,
    paramiko.pkey.UnknownKeyType,
    UnsupportedAlgorithm,
)
"""What paramiko and cryptography raise for what is no key of theirs; the last for one that a security key holds."""

OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Trust:
    """The key to log in with, None where the agent's and ~/.ssh's are tried, and the host's keys to believe."""

    login: Login
    key: paramiko.PKey | None
    known: tuple[paramiko.PKey, ...]

    @classmethod
    def of(cls, login: Login) -> Trust:
        """What a login goes by.

        Raises:
            LoginKeyUnusable, HostKeyUnreadable: it is no use to try.
        """
        return cls(login, _login_key(login), (_given(login),) if login.host_key else tuple(_known(login)))

    @property
    def words(self) -> dict[str, Any]:
        """How paramiko's connect takes the login key (paramiko/client.py, ``connect``)."""
        return {"pkey": self.key, "look_for_keys": not self.key, "allow_agent": not self.key}

    def impose(self, client: paramiko.SSHClient) -> None:
        """Let this client believe these host keys and no others."""
        for one in self.known:
            client.get_host_keys().add(self.login.known_as, one.get_name(), one)
        client.set_missing_host_key_policy(_Refuse(self.login))

    def lacks_key(self) -> LoginKeyUnusable:
        """The error where neither the login nor anything else has a key to show."""
        why = "the SSH agent has none, and neither has ~/.ssh"
        return LoginKeyUnusable(key="No key", address=self.login.address, why=why, hint="name one: --identity FILE")

    def differs(self, found: paramiko.PKey) -> HostKeyDiffers:
        """The error for a host that shows another key, with what mends it where that was to be expected."""
        if self.login.host_key:
            hint = "if its instance was made anew, `pulumi up` tells zagent its key; else give the right --host-key"
        else:
            hint = f"if it was set up anew: ssh-keygen -R {quote(self.login.known_as)}"
        shown = f"{found.get_name()} {found.get_base64()}"
        return HostKeyDiffers(address=self.login.address, found=shown, hint=hint)


class _Refuse(paramiko.MissingHostKeyPolicy):
    """Whoever is not known is not spoken to; Fabric's own policy accepts everybody."""

    def __init__(self, login: Login) -> None:
        self._login = login

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        raise HostKeyUnknown(address=self._login.address, line=self._login.by_hand)


def _login_key(login: Login) -> paramiko.PKey | None:
    """A file that OpenSSH refuses is refused here, too: `zagent cloud ssh` and people use the same one."""
    if login.key_file is None:
        return None
    path = login.key_file.expanduser()
    try:
        found = path.stat()
        if found.st_uid == os.getuid() and found.st_mode & OTHERS:
            why = f"its mode is {stat.S_IMODE(found.st_mode):04o}, so that others can read it"
            raise _unusable(login, why, f"chmod 600 {quote(str(path))}")
        return paramiko.PKey.from_path(path)
    except OSError as error:
        why = error.strerror or str(error)
        raise _unusable(login, why, "name the private key's file: --identity, or sshPrivateKeyFile") from error
    except UNREADABLE as error:
        raise _no_key(login, path, error) from error


def _no_key(login: Login, path: Path, error: Exception) -> LoginKeyUnusable:
    if isinstance(error, (paramiko.PasswordRequiredException, TypeError)):  # cryptography's word for a passphrase
        own = f"ssh-keygen -p -f {quote(str(path))}   takes it off"
        return _unusable(login, "it has a passphrase", f"{own}; or ssh-add it, and leave --identity out")
    why = "it is the public half" if path.suffix == ".pub" else "it is no private key that is known here"
    return _unusable(login, why, "ssh-keygen -t ed25519 -f FILE   makes one; name its private half")


def _unusable(login: Login, why: str, hint: str) -> LoginKeyUnusable:
    return LoginKeyUnusable(key=login.key_file, address=login.address, why=why, hint=hint)


def _given(login: Login) -> paramiko.PKey:
    """The one that the login names."""
    try:
        kind, *rest = login.host_key.split()
        return paramiko.PKey.from_type_string(kind, base64.b64decode(rest[0], validate=True))
    except UNREADABLE as error:
        raise HostKeyUnreadable(address=login.address, why=repr(login.host_key[:80])) from error


def _known(login: Login) -> Iterator[paramiko.PKey]:
    """Those of the person's known_hosts; the first of a kind comes last, as the last is the one that paramiko keeps.

    Lines that can't be read say nothing, nor do those of authorities; a key that is revoked anywhere is not believed.
    """
    lines = [one.split() for one in _lines(Path("~/.ssh/known_hosts").expanduser())]
    revoked = [one[3] for one in lines if one[0] == "@revoked" and len(one) > 3]
    for one in reversed(lines):
        if len(one) > 2 and not one[0].startswith("@") and one[2] not in revoked and (entry := _entry(one)):
            yield from (entry.key for name in entry.hostnames if _is(name, login.known_as, entry.key))


def _lines(path: Path) -> list[str]:
    try:
        found = path.read_text(errors="replace").splitlines()
    except OSError:
        return []
    return [one for one in map(str.strip, found) if one and not one.startswith("#")]


def _entry(words: list[str]) -> HostKeyEntry | None:
    try:
        return HostKeyEntry.from_line(" ".join(words[:3]))
    except (InvalidHostKey, *UNREADABLE):
        return None


def _is(name: str, wanted: str, key: paramiko.PKey) -> bool:
    """Whether a name of known_hosts, which may be a hash, is this one."""
    alone = HostKeys()
    alone.add(name, key.get_name(), key)
    return alone.check(wanted, key)
