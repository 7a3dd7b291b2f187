"""What a repository elsewhere asks for, such as AWS_ACCESS_KEY_ID=…: variables that restic gets and nothing else.

But for the proxies among them: restic itself is fetched through the same.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from shlex import quote

from zagent.errors import CredentialsRefused

BACKUP_ENV = Path("/etc/zagent/backup.env")
"""NAME=value lines as systemd takes them (systemd.exec(5), EnvironmentFile=); root's alone to read."""

PROXY = "_proxy"
"""How the name of a proxy ends, in small letters or in capitals."""

_ASSIGNED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*)")
_VALUE = re.compile(r"""'(?P<literal>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)"|(?P<plain>(?!['"])(?:[^\\]|\\.)*)""")


def variables() -> dict[str, str]:
    """The file's variables; none where there is no file, or where it is not for this user to read.

    Raises:
        CredentialsRefused: others can change it, or it can't be understood. No value is ever told.
    """
    try:
        return parse(_content(BACKUP_ENV).decode())
    except FileNotFoundError:
        return {}
    except OSError as error:
        if isinstance(error, PermissionError) and os.geteuid() != 0:
            return {}
        raise _refused(error.strerror or "it can't be read", "ls -lL {path}   tells what it is") from error
    except UnicodeDecodeError:
        raise _refused("it is no text in UTF-8", "write it again, NAME=value on each line") from None
    except ValueError as error:
        raise _refused(str(error), "NAME=value on each line, as systemd.exec(5) tells under EnvironmentFile=") from None


def left(own: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Those of the file's variables (``own``) that the environment does not set already. Pure.

    A proxy is one and the same in capitals and in small letters: restic, which is Go, looks at capitals first, so that
    the file's would win over the environment's.
    """
    taken = {*environment, *(_other_case(name) for name in environment if name.lower().endswith(PROXY))}
    return {name: value for name, value in own.items() if name not in taken}


def _other_case(name: str) -> str:
    return name.lower() if name.isupper() else name.upper()


def _content(path: Path) -> bytes:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise _refused("it is no regular file", "mv {path} {path}.old   and write a file there")
    content = path.read_bytes()
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) or found.st_uid not in (0, os.geteuid()):
        raise _refused("others can change it", "chown root: {path} && chmod 600 {path}")
    return content


def _refused(why: str, hint: str) -> CredentialsRefused:
    return CredentialsRefused(path=BACKUP_ENV, why=why, hint=hint.format(path=quote(str(BACKUP_ENV))))


def parse(text: str) -> dict[str, str]:
    """Understand the file's text. Pure.

    What systemd would pass over or read on in the next line is an error here: a key that is lost is hard to find.

    Raises:
        ValueError: it has a line that is no assignment; by its number, for its text may be a secret.
    """
    lines = enumerate((line.strip(" \t") for line in re.split(r"\r\n|\r|\n", text)), 1)
    return dict(_assigned(number, line) for number, line in lines if line and line[0] not in "#;")


def _assigned(number: int, line: str) -> tuple[str, str]:
    found = _ASSIGNED.fullmatch(line)
    value = _VALUE.fullmatch(found[2]) if found else None
    if found is None or value is None or "\0" in line:
        raise ValueError(f"its line {number} is no NAME=value")
    if value["double"] is not None:
        return found[1], re.sub(r'\\([\\"`$])', r"\1", value["double"])
    return found[1], re.sub(r"\\(.)", r"\1", value["plain"]) if value["plain"] is not None else value["literal"]
