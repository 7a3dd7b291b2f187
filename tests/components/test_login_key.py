"""The key pair of the instance: the public half of the file that sshPrivateKeyFile names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from infra.errors import KeyFileMissing
from infra.lookup.login import public_half
from tests import security_key
from tests.bootstrap.disk import run


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_it_is_the_one_that_openssh_writes(tmp_path: Path, kind: str) -> None:
    """Kind and key, without the comment."""
    run("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", tmp_path / "key")
    assert public_half(tmp_path / "key").split() == (tmp_path / "key.pub").read_text().split()[:2]


def with_passphrase(key: Path) -> None:
    """What ssh-agent is for."""
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", key)


def empty(key: Path) -> None:
    """Nothing at all."""
    key.write_bytes(b"")


def of_a_kind_of_its_own(key: Path) -> None:
    """A key with which nobody can log in."""
    run("openssl", "genpkey", "-algorithm", "X25519", "-out", key)


@pytest.mark.parametrize(
    "make",
    [Path.mkdir, with_passphrase, empty, security_key.write, of_a_kind_of_its_own, lambda key: None],
    ids=["folder", "passphrase", "empty", "security key", "unknown kind", "absent"],
)
def test_a_file_that_is_no_use_is_told_as_that(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """With the file's name and the setting's."""
    make(tmp_path / "key")
    with pytest.raises(KeyFileMissing) as error:
        public_half(tmp_path / "key")
    assert (
        f"{tmp_path / 'key'}, named by sshPrivateKeyFile, is no private key that can be read: " in error.value.message
    )
