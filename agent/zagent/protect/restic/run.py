"""Running restic: its words as JSON, its exit codes as errors, nothing of ours in its arguments that is secret."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from zagent.errors import (
    DestinationMissing,
    RepositoryLocked,
    ResticFailed,
    SourceUnreadable,
    WrongPassword,
    ZagentError,
)
from zagent.protect.restic import credentials

Message = Mapping[str, Any]
OnMessage = Callable[[Message], None]

INCOMPLETE, NO_REPOSITORY, LOCKED, WRONG_PASSWORD = 3, 10, 11, 12
"""restic's exit codes (doc/075_scripting.rst): 10 and 11 since 0.17.0, 12 since 0.17.1. Unknown ones are failures."""

SPOKEN = (
    (NO_REPOSITORY, ("Is there a repository at the following location?", "unable to open config file")),
    (LOCKED, ("repository is already locked",)),
    (WRONG_PASSWORD, ("wrong password or no key found",)),
)
"""What older versions say where they exit with 1."""

PASSED_ON = frozenset(
    {
        "RESTIC_AWS_ASSUME_ROLE_ARN",
        "RESTIC_AWS_ASSUME_ROLE_EXTERNAL_ID",
        "RESTIC_AWS_ASSUME_ROLE_REGION",
        "RESTIC_AWS_ASSUME_ROLE_SESSION_NAME",
        "RESTIC_CACERT",
        "RESTIC_CACHE_DIR",
        "RESTIC_REST_PASSWORD",
        "RESTIC_REST_USERNAME",
        "RESTIC_TLS_CLIENT_CERT",
    }
)
"""Of the variables for restic only these reach it: how to get in. The others could lead it elsewhere."""

PATIENCE = 30.0
"""Seconds in which an interrupted restic has to put its lock away before it is killed."""

NICE, IONICE = ("nice", "-n", "10"), ("ionice", "-t", "-c", "2", "-n", "7")
"""A backup is in nobody's way; systemd's timer gives it less still. A small system may lack the second."""


@dataclass(frozen=True)
class Restic:
    """One repository and how to open it."""

    program: Path
    address: str
    password_file: Path

    def run(
        self, *words: str, on_message: OnMessage = lambda message: None, folder: Path | None = None
    ) -> list[Message]:
        """Run a command, in ``folder``; the JSON that it printed, each message also handed on as it comes.

        Raises:
            DestinationMissing, RepositoryLocked, WrongPassword, SourceUnreadable, ResticFailed: by its exit code.
            CredentialsRefused: before it is run.
        """
        with self._running(["--json", *words], folder) as (process, errors):
            found = list(self._messages(process, on_message))
            code = process.wait()
            errors.seek(0)
            said = errors.read().decode(errors="replace")
        if code:
            raise self._error(words[0], code, said)
        return found

    def dump(self, snapshot: str, path: str) -> bytes:
        """The content of a file in a snapshot.

        Raises:
            see ``run``.
        """
        return self.read("dump", snapshot, path)

    def read(self, command: str, *words: str) -> bytes:
        """What a command prints that changes nothing, as it is.

        Raises:
            see ``run``.
        """
        with self._running([command, "--no-lock", *words]) as (process, errors):
            content: bytes = process.stdout.read() if process.stdout else b""
            code = process.wait()
            errors.seek(0)
            said = errors.read().decode(errors="replace")
        if code:
            raise self._error(command, code, said)
        return content

    @contextmanager
    def _running(
        self, words: list[str], folder: Path | None = None
    ) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
        """The process, ended and reaped whatever happens; what it says of errors goes to a file without a name."""
        gently = [*NICE, *(IONICE if shutil.which(IONICE[0]) else ())]
        command, nothing, pipe = [*gently, str(self.program), *words], subprocess.DEVNULL, subprocess.PIPE
        with (
            tempfile.TemporaryFile() as errors,
            subprocess.Popen(
                command, env=self._environment(), cwd=folder, stdin=nothing, stdout=pipe, stderr=errors
            ) as process,
        ):
            try:
                yield process, errors
            finally:
                _end(process)

    def _environment(self) -> dict[str, str]:
        given = {**credentials.left(credentials.variables(), os.environ), **os.environ}
        kept = {name: value for name, value in given.items() if not name.startswith("RESTIC_") or name in PASSED_ON}
        own = {
            "RESTIC_REPOSITORY": self.address,
            "RESTIC_PASSWORD_FILE": str(self.password_file.absolute()),
            "RESTIC_PROGRESS_FPS": "4",
            "LC_ALL": "C.UTF-8",
        }
        return {**kept, **own}

    @staticmethod
    def _messages(process: subprocess.Popen[bytes], on_message: OnMessage) -> Iterator[Message]:
        for line in process.stdout or ():
            try:
                found = json.loads(line)
            except ValueError:
                continue
            for one in found if isinstance(found, list) else [found]:
                if isinstance(one, dict):
                    on_message(one)
                    yield one

    def _error(self, command: str, code: int, said: str) -> ZagentError:
        meaning, why = understood(code, said), reason(said) or f"exit code {code}"
        if meaning == NO_REPOSITORY:
            hint = "mount the disk that it lies on, or check the network and the credentials; then the same again"
            return DestinationMissing(target=self.address, why=why, hint=hint)
        if meaning == LOCKED:
            return RepositoryLocked(address=self.address, why=_line(said, "already locked") or why)
        if meaning == WRONG_PASSWORD:
            return WrongPassword(address=self.address, path=self.password_file)
        if meaning == INCOMPLETE and command == "backup":
            return SourceUnreadable(what="what could be", why=why, said=said)
        return ResticFailed(command=command, address=self.address, why=why, said=said)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it where somebody gave up on it, in the way in which every version puts its lock away: by SIGINT."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=PATIENCE)  # reads what it still says, else it could wait for a reader
        except subprocess.TimeoutExpired:
            process.kill()
        except BaseException:
            process.kill()
            raise


def understood(code: int, said: str) -> int:
    """The exit code that the newest version would have given. Pure."""
    return next((known for known, words in SPOKEN if code == 1 and any(one in said for one in words)), code)


def reason(said: str) -> str:
    """The line that tells most of what restic said; newer versions say it in JSON. Pure."""
    lines = [_plain(line) for line in said.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("Is there a repository")]
    if traced := _traced(lines):
        return traced
    return next((line for line in reversed(lines) if line.lower().startswith("fatal")), lines[-1] if lines else "")


def unread(said: str) -> list[str]:
    """The paths that restic could not read, of which all versions tell in JSON. Pure."""
    found = (_message(line) for line in said.splitlines())
    return sorted({str(one["item"]) for one in found if one.get("message_type") == "error" and one.get("item")})


def _line(said: str, words: str) -> str:
    return next((_plain(line) for line in said.splitlines() if words in line), "")


def _traced(lines: Sequence[str]) -> str:
    """What stands above each of the stacks that 0.14 prints, the cause last; nothing where there are none."""
    above = [line for line, _, place in zip(lines, lines[1:], lines[2:], strict=False) if place.startswith("\t")]
    return ": ".join(reversed([line for line in above if not line.startswith("\t")]))


def _plain(line: str) -> str:
    found = _message(line)
    error = found.get("error")
    return str(found.get("message") or (error.get("message") if isinstance(error, dict) else "") or line).rstrip()


def _message(line: str) -> Message:
    """A line that is JSON; empty where it is none."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
