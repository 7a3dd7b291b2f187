"""The password of a repository: a file of its owner's alone, made by us where there is none."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from shlex import quote

from zagent import durable
from zagent.errors import PasswordRefused
from zagent.volume.layout import Layout


def path(layout: Layout, name: str) -> Path:
    """Where the password of the destination ``name`` is kept: on the data root, so that a reset leaves it."""
    return layout.backups / f"{name}.password"


def ensure(file: Path) -> bool:
    """Make the password where there is none; whether it was made now. One that is there is never changed.

    Raises:
        PasswordRefused: others can read the one that is there.
        OSError: it can't be written.
    """
    made = not file.exists()
    if made:
        durable.make_folder(file.parent)
        durable.write(file, secrets.token_urlsafe(32).encode() + b"\n", replace=False, mode=0o600)
    require(file)
    return made


def require(file: Path) -> None:
    """Make sure that a password is there, and nobody else's to read.

    Raises:
        PasswordRefused: it is not.
    """
    try:
        found = file.stat()
    except FileNotFoundError:
        hint = (
            f"put the password there: install -m 600 /dev/stdin {quote(str(file))}; or name its file: --password-file"
        )
        raise PasswordRefused(path=file, why="there is no such file", hint=hint) from None
    if found.st_mode & 0o077:
        why = "others can read it"
        raise PasswordRefused(path=file, why=why, hint=f"chmod 600 {quote(str(file))}")
    if not found.st_size:
        raise PasswordRefused(path=file, why="it is empty", hint=f"install -m 600 /dev/stdin {quote(str(file))}")
    if not os.access(file, os.R_OK):
        raise PasswordRefused(path=file, why="it is another user's", hint="sudo zagent …")
