"""How a host is spoken to: a protocol, and its adapter on Fabric, the only module that imports it."""

from __future__ import annotations

import base64
import io
import itertools
import logging
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import paramiko
from fabric import Config, Connection  # type: ignore[import-untyped]
from invoke.exceptions import CommandTimedOut, Failure, ThreadException

from infra.errors import CommandFailed, HostKeyDiffers, HostKeyUnknown, HostUnreachable

OnLine = Callable[[str], None]
"""Called with each line that a command prints, as it comes."""

SSH_PATIENCE = 600.0
"""Seconds until a host must answer SSH: a GPU instance takes minutes to boot, an emulated one as well."""

KEY_PATIENCE = 120.0
"""Seconds for which a refused key may still be a boot in progress: pam_nologin, keys not planted yet."""

COMMAND_PATIENCE = 600.0
"""Seconds that a command may take unless its caller knows better."""

PAUSE = 2.0
"""Seconds between two tries to connect."""

NO_EXIT_CODE = -1
"""What paramiko gives for a channel that was closed without one."""

CUT_OFF = "the command ended without an exit code: it was killed, or the connection broke"

CUT_SHORT = "size mismatch in put"
"""How paramiko says that a file did not arrive whole over a line that holds: SFTP has no word for a full disk."""

NO_ROOM = "there is no room for it in /var/tmp"

ENVIRONMENT = ("env", "LC_ALL=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
"""Before every command: words in English, and the system's tools wherever the login's own PATH leads."""

INSTALL = """
set -e
trap 'rm -f "$1" "$2.new"' EXIT
install -m "$3" -o "${4%:*}" -g "${4#*:}" "$1" "$2.new"
sync "$2.new"
mv -f "$2.new" "$2"
"""
"""Source, target, mode and owner: whatever stands under the target's name is whole."""

logging.getLogger("paramiko").addHandler(logging.NullHandler())  # it prints tracebacks of what is handled here


@dataclass(frozen=True)
class Login:
    """Where and as whom to log in.

    ``host_key`` is the one key to accept (``ssh-ed25519 AAAA…``); without it the person's known_hosts decides.
    ``proxy`` is a command that carries the connection, as OpenSSH's ProxyCommand: %h and %p are filled in.
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


@dataclass(frozen=True)
class Ran:
    """What became of a command."""

    exit_code: int
    out: str
    err: str


class Host(Protocol):
    """A machine on which commands run as root."""

    @property
    def address(self) -> str:
        """How people call it."""

    def run(self, words: Sequence[str], *, on_line: OnLine | None = None, patience: float = COMMAND_PATIENCE) -> Ran:
        """Run one command as root and wait for it, at most ``patience`` seconds.

        Raises:
            HostUnreachable: the connection broke, or the command took longer.
        """

    def put(self, content: bytes | Path, path: str, mode: int, owner: str = "root:root") -> None:
        """Make a file of the host, whole or not at all; its folder must exist.

        Raises:
            CommandFailed, HostUnreachable: the file is as before.
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


class FabricHost:
    """A host over SSH, its connection open."""

    def __init__(self, connection: Connection, login: Login) -> None:
        self._connection = connection
        self._login = login

    @property
    def address(self) -> str:
        """The user and the address, as ssh takes them."""
        return f"{self._login.user}@{self._login.address}"

    def run(self, words: Sequence[str], *, on_line: OnLine | None = None, patience: float = COMMAND_PATIENCE) -> Ran:
        """Run one command as root; see Host."""
        become = [] if self._login.user == "root" else ["sudo", "-n"]
        return self._plain([*become, *ENVIRONMENT, *words], on_line, patience)

    def put(self, content: bytes | Path, path: str, mode: int, owner: str = "root:root") -> None:
        """Make a file of the host; see Host. It travels under a name that only the login can read."""
        made = self._plain(["mktemp", "-p", "/var/tmp", "zagent-XXXXXXXX"], None, COMMAND_PATIENCE)
        temp = made.out.strip()
        if made.exit_code:
            raise CommandFailed(address=self.address, what=f"write {path}", why=made.err.strip())
        with _translated(self.address):
            source = io.BytesIO(content) if isinstance(content, bytes) else str(content)
            try:
                self._connection.put(source, temp)
            except OSError as error:
                if CUT_SHORT not in str(error):
                    raise
                self._plain(["rm", "-f", temp], None, COMMAND_PATIENCE)
                raise CommandFailed(address=self.address, what=f"write {path}", why=f"{NO_ROOM}: {error}") from error
        must(self, f"write {path}", "sh", "-c", INSTALL, "install", temp, path, f"{mode:o}", owner)

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _plain(self, words: Sequence[str], on_line: OnLine | None, patience: float) -> Ran:
        streams: dict[str, Any] = {"hide": True}
        if on_line:
            streams = {"hide": False, "out_stream": Lines(on_line), "err_stream": Lines(on_line)}
        begun = time.monotonic()
        with _translated(self.address):
            done = self._connection.run(
                shlex.join(words), warn=True, in_stream=False, encoding="utf-8", timeout=patience, **streams
            )
        if done.exited == NO_EXIT_CODE:  # also where invoke misses its own time-out: its timer had not quite ended
            late = time.monotonic() - begun >= patience
            raise HostUnreachable(address=self.address, why=_late(patience) if late else CUT_OFF)
        return Ran(done.exited, done.stdout, done.stderr)


class Lines(io.TextIOBase):
    """A stream that hands on whole lines; carriage returns end one, too, as progress bars use them."""

    def __init__(self, on_line: OnLine) -> None:
        self._on_line = on_line
        self._rest = ""

    def write(self, text: str) -> int:
        """Take some text in."""
        *lines, self._rest = (self._rest + text).replace("\r", "\n").split("\n")
        for line in filter(None, lines):
            self._on_line(line)
        return len(text)


def _late(patience: float) -> str:
    return f"no end within {patience:g} s"


@contextmanager
def _translated(address: str) -> Iterator[None]:
    try:
        yield
    except CommandTimedOut as error:
        raise HostUnreachable(address=address, why=_late(error.timeout)) from error
    except (OSError, EOFError, paramiko.SSHException, ThreadException, Failure) as error:
        raise HostUnreachable(address=address, why=_why(error)) from error


def connect(login: Login, say: OnLine, patience: float = SSH_PATIENCE) -> FabricHost:
    """A connection to the host, as soon as it answers; ``say`` hears of it when that takes longer.

    Raises:
        HostKeyDiffers, HostKeyUnknown: at once; nothing was sent.
        HostUnreachable: it does not answer within ``patience`` seconds, or refuses the key.
    """
    begun = time.monotonic()
    for attempt in itertools.count():
        connection = _connection(login)
        try:
            connection.open()
            break
        except (OSError, EOFError, paramiko.SSHException) as error:
            connection.close()
            _require_right_key(login, error)
            refused = isinstance(error, paramiko.AuthenticationException)
            if time.monotonic() - begun > (min(KEY_PATIENCE, patience) if refused else patience):
                raise HostUnreachable(address=login.address, why=_refusal(login) if refused else _why(error)) from error
        if attempt == 0:
            say(f"waiting for {login.address} to answer SSH")
        time.sleep(PAUSE)
    return FabricHost(connection, login)


def _require_right_key(login: Login, error: Exception) -> None:
    if isinstance(error, paramiko.BadHostKeyException):
        found = f"{error.key.get_name()} {error.key.get_base64()}"
        raise HostKeyDiffers(address=login.address, found=found) from error
    if "not found in known_hosts" in str(error):  # RejectPolicy has no class of its own for it
        raise HostKeyUnknown(address=login.address, user=login.user) from error


def _connection(login: Login) -> Connection:
    """Fabric accepts any host key (fabric/connection.py, ``__init__``): the policy is set before it connects."""
    keys: dict[str, Any] = {"key_filename": str(login.key_file)} if login.key_file else {}
    made = Connection(
        login.address,
        user=login.user,
        port=login.port,
        gateway=login.proxy or None,
        config=Config(overrides={"load_ssh_configs": False}),
        connect_timeout=10,
        connect_kwargs={**keys, "look_for_keys": not keys, "allow_agent": not keys, "banner_timeout": 30},
    )
    made.client.set_missing_host_key_policy(paramiko.RejectPolicy())
    if login.host_key:
        kind, blob = login.host_key.split()[:2]
        key = paramiko.PKey.from_type_string(kind, base64.b64decode(blob))
        made.client.get_host_keys().add(login.known_as, kind, key)
    else:
        made.client.load_system_host_keys()
    return made


def _refusal(login: Login) -> str:
    return f"it refuses the key {login.key_file or 'that the SSH agent has'} for the user {login.user}"


def _why(error: BaseException) -> str:
    return str(error) or type(error).__name__
