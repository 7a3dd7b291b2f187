"""Which key logs in; a host keeps the one that it was made with."""

from __future__ import annotations

from pathlib import Path

import paramiko

from infra.bootstrap.ssh.keys import UNREADABLE
from infra.errors import KeyFileMissing, LoginKeyUnusable


def public_half(path: Path) -> str:
    """The public key that belongs to a private key file, as a line for authorized_keys.

    Raises:
        KeyFileMissing: there is none, it can't be read without a passphrase, or it is of a kind that is not known here.
    """
    try:
        key = paramiko.PKey.from_path(path)
    except (OSError, *UNREADABLE) as error:
        raise KeyFileMissing(path=path, why=error) from error
    return f"{key.get_name()} {key.get_base64()}"


def require_same(path: Path, known: str, instance: str) -> None:
    """Whether a living host was made with this key; EC2 would replace it, and its system disk, for another.

    Raises:
        KeyFileMissing: the file is no key that can be read.
        LoginKeyUnusable: ``known``, the host's public key as the state has it, is another.
    """
    if known and public_half(path).split() != known.split()[:2]:
        raise LoginKeyUnusable(
            key=path,
            address=instance,
            why="it was made with another key, and for this one it would be replaced, with its system disk",
            hint=(
                "pulumi config set sshPrivateKeyFile FILE   the key that it was made with; if that is lost, "
                "`pulumi destroy`, then `pulumi up`   makes a host with this one: the data volume stays"
            ),
        )
