"""A host over SSH: the adapter on Fabric, the only module that imports it."""

from __future__ import annotations

import codecs
import io
import logging
import shlex
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import paramiko
from fabric import Config, Connection  # type: ignore[import-untyped]
from fabric.runners import Remote  # type: ignore[import-untyped]
from invoke.exceptions import CommandTimedOut, Failure, ThreadException

from infra.bootstrap.ssh import proxy, wire
from infra.bootstrap.ssh.beside import Beside
from infra.bootstrap.ssh.host import COMMAND_PATIENCE, OnLine, Ran, must
from infra.bootstrap.ssh.keys import Trust
from infra.bootstrap.ssh.lines import Lines
from infra.bootstrap.ssh.login import Login
from infra.errors import CommandFailed, HostUnreachable, RootRefused

HANDSHAKE = 10.0
"""Seconds for the connection itself, and again for the exchange of keys; for the login thrice as many."""

NO_EXIT_CODE = -1
"""What paramiko gives for a channel that was closed without one."""

CUT_OFF = "the command ended without an exit code: it was killed"
BROKE = "the connection broke"

NO_KEY = "No authentication methods available"
"""How paramiko says that nobody has a key to try."""

NO_SESSION = "No existing session"
"""How paramiko says that the other end hung up early, as while a host boots."""

CUT_SHORT = "size mismatch in put"
"""How paramiko says that a file did not arrive whole over a line that holds: SFTP has no word for a full disk."""

NO_ROOM = "there is no room for it in /var/tmp"

ENGLISH = ("env", "LC_ALL=C.UTF-8")
ENVIRONMENT = (*ENGLISH, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
"""Before every command: words in English, and the system's tools wherever the login's own PATH leads."""

BECOME_ROOT = (*ENGLISH, "sudo", "-n")
"""Never asks: there is nobody to answer."""

INSTALL = """
set -e
trap 'rm -f "$1" "$2.new"' EXIT
install -T -m "$3" -o "${4%:*}" -g "${4#*:}" "$1" "$2.new"
sync "$2.new"
mv -fT "$2.new" "$2"
"""
"""Source, target, mode and owner: whatever stands under the target's name is whole. A folder that has one of the two
names is an error: it may be anybody's, and what is put into it is theirs to replace."""

BROKEN = (OSError, EOFError, paramiko.SSHException)
"""What Fabric and paramiko raise where a connection can't be made or does not hold."""

logging.getLogger("paramiko").addHandler(logging.NullHandler())  # it prints tracebacks of what is handled here


class _Runner(Remote):  # type: ignore[misc]
    """How Fabric runs a command, but for three things."""

    read_chunk_size = 1 << 15

    def read_proc_output(self, reader: Callable[[int], bytes]) -> Iterator[str]:
        """Letters that two pieces share stay whole; invoke decodes each piece by itself."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while piece := reader(self.read_chunk_size):
            yield decoder.decode(piece)
        yield decoder.decode(b"", final=True)

    def respond(self, buffer_: list[str]) -> None:
        """To nothing; invoke joins all that came so far at each piece."""

    def send_interrupt(self, interrupt: KeyboardInterrupt) -> None:
        """Ctrl-C hangs up; invoke waits for the command's end (invoke/runners.py, ``_finish``)."""
        self.kill()
        raise interrupt


class _Once(Connection):  # type: ignore[misc]
    """A connection that does not come back by itself: another boot could answer, or another machine."""

    def open(self) -> None:
        """Open it, unless it was opened before; Fabric calls this before each command."""
        if self.is_connected:
            return
        if self.transport is not None:
            raise ConnectionError(BROKE)
        super().open()


class FabricHost:
    """A host over SSH: ``open`` it, once; ``refused`` says that it did not let the login in."""

    def __init__(self, login: Login, trust: Trust) -> None:
        self._login, self._trust = login, trust
        self._proxy: proxy.Proxy | None = None
        self._wire: wire.Wire | None = None
        self._connection: Any = None
        self._beside: list[Beside] = []
        self._closed = threading.Event()
        self._is_root, self._is_open = login.user == "root", False
        self.refused = False

    @property
    def address(self) -> str:
        """The user and the address, as ssh takes them."""
        return f"{self._login.user}@{self._login.address}"

    def open(self) -> None:
        """Connect and log in.

        Raises:
            HostKeyDiffers, HostKeyUnknown: nothing was sent.
            LoginKeyUnusable: there is none to show.
            NoWayIn: its proxy is not here.
            HostUnreachable: it does not answer, or lets nobody in.
        """
        with self._translated(self._login.address):
            self._wire = wire.Wire(self._line())
            self._connection = _connection(self._login, self._trust, self._wire)
            try:
                self._connection.open()
            except paramiko.BadHostKeyException as error:
                raise self._trust.differs(error.key) from error
            except paramiko.AuthenticationException as error:
                self.refused = "timeout" not in str(error)
                raise
            except paramiko.SSHException as error:
                if NO_KEY in str(error):
                    raise self._trust.lacks_key() from error
                raise
        self._is_open = True
        threading.Thread(target=self._ask, args=(self._wire, self._connection.transport), daemon=True).start()

    def run(self, words: Sequence[str], *, on_line: OnLine | None = None, patience: float = COMMAND_PATIENCE) -> Ran:
        """Run one command as root; see Host."""
        return self._plain(self._as_root(words), on_line, patience)

    def hold(self, words: Sequence[str]) -> Beside:
        """Run one beside the others; see Host."""
        line = shlex.join(self._as_root(words))
        with self._translated(self.address):
            made = Beside(self._connection.create_session(), line)
        self._beside.append(made)
        return made

    def put(self, content: bytes | Path, path: str, mode: int, owner: str = "root:root") -> None:
        """Make a file of the host; see Host. It travels under a name that only the login can read."""
        made = self._plain(["mktemp", "-p", "/var/tmp", "zagent-XXXXXXXX"])
        temp = made.out.strip()
        if made.exit_code:
            raise CommandFailed(address=self.address, what=f"write {path}", why=made.err.strip())
        with self._translated(self.address):
            source = io.BytesIO(content) if isinstance(content, bytes) else str(content)
            try:
                self._connection.put(source, temp)
            except OSError as error:
                if CUT_SHORT not in str(error):
                    raise
                self._plain(["rm", "-f", temp])
                raise CommandFailed(address=self.address, what=f"write {path}", why=f"{NO_ROOM}: {error}") from error
        must(self, f"write {path}", "sh", "-c", INSTALL, "install", temp, path, f"{mode:o}", owner)

    def close(self) -> None:
        """End the connection, and whatever carries it."""
        self._closed.set()
        with suppress(*BROKEN):
            if self._connection:
                self._connection.close()
                self._connection.client.close()  # Fabric leaves one open that broke, or never came to be
        if self._wire:
            self._wire.close()
        if self._proxy:
            self._proxy.close()

    def _line(self) -> socket.socket:
        if self._login.proxy:
            self._proxy = proxy.Proxy(self._login)
            return self._proxy.end
        return socket.create_connection((self._login.address, self._login.port), HANDSHAKE)

    def _ask(self, line: wire.Wire, transport: paramiko.Transport) -> None:
        """Let something come at all times: sshd answers a request that it does not know, too (RFC 4254, 4)."""
        with suppress(*BROKEN):
            while not self._closed.wait(wire.PING):
                line.ask()
                for one in tuple(self._beside):
                    one.beat()
                transport.global_request("keepalive@openssh.com")

    def _as_root(self, words: Sequence[str]) -> list[str]:
        if not self._is_root:
            self._require_root()
        return [*(() if self._login.user == "root" else BECOME_ROOT), *ENVIRONMENT, *words]

    def _require_root(self) -> None:
        """Asked once: what sudo says of itself can't be told from what a command says."""
        ran = self._plain([*BECOME_ROOT, *ENVIRONMENT, "true"])
        if ran.exit_code:
            said = (ran.err.strip() or ran.out.strip() or f"exit code {ran.exit_code}").splitlines()
            raise RootRefused(user=self._login.user, address=self._login.address, why=said[-1])
        self._is_root = True

    def _plain(self, words: Sequence[str], on_line: OnLine | None = None, patience: float = COMMAND_PATIENCE) -> Ran:
        heard = [Lines(on_line), Lines(on_line)] if on_line else []
        streams = {"hide": False, "out_stream": heard[0], "err_stream": heard[1]} if heard else {"hide": True}
        begun = time.monotonic()
        with self._translated(self.address):
            done = self._connection.run(shlex.join(words), warn=True, in_stream=False, timeout=patience, **streams)
        if done.exited == NO_EXIT_CODE:  # also where invoke misses its own time-out: its timer had not quite ended
            late = time.monotonic() - begun >= patience
            raise HostUnreachable(address=self.address, why=_late(patience) if late else self._why(CUT_OFF))
        for one in heard:
            one.end()
        return Ran(done.exited, done.stdout, done.stderr)

    @contextmanager
    def _translated(self, address: str) -> Iterator[None]:
        try:
            yield
        except CommandTimedOut as error:
            raise HostUnreachable(address=address, why=_late(error.timeout)) from error
        except ThreadException as error:  # from whoever is told of the lines
            raise error.exceptions[0].value from None
        except (*BROKEN, Failure) as error:
            raise HostUnreachable(address=address, why=self._why(_words(error))) from error

    def _why(self, otherwise: str) -> str:
        """Why nothing comes any more, as far as it can be told."""
        if self._wire and self._wire.silent:
            return f"nothing came from it for {wire.SILENCE:g} s"
        broken = self._is_open and self._is_broken()
        if self._proxy and not self.refused and (broken or not self._is_open) and (told := self._proxy.told()):
            return told
        return BROKE if broken else otherwise

    def _is_broken(self) -> bool:
        """Whether it is the connection that ended, not only what was run over it."""
        transport: paramiko.Transport = self._connection.transport
        transport.join(0.2)  # it lets go of what it carries before it ends itself
        return not transport.is_active()


def _connection(login: Login, trust: Trust, line: wire.Wire) -> _Once:
    """A person's own settings of Fabric, of invoke and of SSH have no say: ``lazy`` leaves their files alone."""
    own = {"load_ssh_configs": False, "runners": {"remote": _Runner}, "run": {"encoding": "utf-8"}}
    made = _Once(
        login.address,
        user=login.user,
        port=login.port,
        config=Config(overrides=own, lazy=True),
        connect_timeout=HANDSHAKE,
        connect_kwargs={**trust.words, "sock": line, "auth_timeout": 3 * HANDSHAKE},
    )
    trust.impose(made.client)
    return made


def _late(patience: float) -> str:
    return f"no end within {patience:g} s"


def _words(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    words = str(error) or BROKE
    return "it hung up before it spoke SSH" if words == NO_SESSION else words
