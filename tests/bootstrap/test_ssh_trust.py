"""Whom the transport believes and what it shows, against a real SSH server on loopback."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from infra.bootstrap.ssh.connecting import connect
from infra.bootstrap.ssh.host import must
from infra.errors import HostKeyDiffers, HostKeyUnknown, HostKeyUnreadable, HostUnreachable, LoginKeyUnusable
from tests import security_key
from tests.bootstrap.disk import run
from tests.bootstrap.server import Server, needs_sshd, server

__all__ = ["server"]

pytestmark = [pytest.mark.root, needs_sshd]


def known(*lines: str) -> None:
    """Write the person's known_hosts."""
    file = Path.home() / ".ssh" / "known_hosts"
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(f"{one}\n" for one in lines))


def test_another_host_key_is_refused_at_once(server: Server) -> None:
    """Nothing is sent to whoever answers there; known_hosts is no matter."""
    known(f"[127.0.0.1]:{server.port} {server.login.host_key}")
    with pytest.raises(HostKeyDiffers, match="another host key") as raised:
        connect(replace(server.login, host_key=server.public_half("another")), print)
    assert "ssh-keygen -R" not in raised.value.advice


def test_an_unknown_host_key_is_refused_at_once(server: Server) -> None:
    """Without a key to compare with, only the person's known_hosts speaks for a host."""
    with pytest.raises(HostKeyUnknown) as raised:
        connect(replace(server.login, host_key=""), print)
    assert raised.value.advice.startswith(f"ssh -p {server.port} root@127.0.0.1   once")


@pytest.mark.parametrize("hashed", [False, True])
def test_known_hosts_speak_for_a_host(server: Server, hashed: bool) -> None:
    """A host that the person has accepted before, whatever else stands there."""
    known(f"[127.0.0.1]:{server.port} {server.login.host_key} its comment")
    if hashed:
        run("ssh-keygen", "-q", "-H", "-f", Path.home() / ".ssh" / "known_hosts")
    known(
        "# a comment",
        "not a line",
        "other.example ssh-ed25519 AAAA=rubbish",
        "other.example ssh-of-tomorrow AAAA",
        f"@cert-authority * {server.public_half('another')}",
        f"@revoked * {server.public_half('another')}",
        (Path.home() / ".ssh" / "known_hosts").read_text(),
    )
    connect(replace(server.login, host_key=""), print).close()


def test_a_revoked_key_is_not_believed(server: Server) -> None:
    """Also where another line still has it."""
    known(f"[127.0.0.1]:{server.port} {server.login.host_key}", f"@revoked * {server.login.host_key}")
    with pytest.raises(HostKeyUnknown):
        connect(replace(server.login, host_key=""), print)


def test_a_host_that_known_hosts_knows_otherwise(server: Server) -> None:
    """The line that forgets the old key names the host as known_hosts does, and works."""
    known(f"[127.0.0.1]:{server.port} {server.public_half('another')}")
    with pytest.raises(HostKeyDiffers) as raised:
        connect(replace(server.login, host_key=""), print)
    line = raised.value.advice.partition("anew: ")[2]
    assert line == f"ssh-keygen -R '[127.0.0.1]:{server.port}'"
    here = Path.home() / ".ssh" / "known_hosts"  # OpenSSH asks the system where that is, not HOME
    subprocess.run(f"{line} -f {here}", shell=True, check=True, capture_output=True)
    with pytest.raises(HostKeyUnknown):
        connect(replace(server.login, host_key=""), print)


@pytest.mark.parametrize("text", ["SHA256:abc", "ssh-ed25519", "ssh-ed25519 rub*bish", "ssh-ed25519 AAAA", " "])
def test_what_is_no_host_key_is_told_at_once(server: Server, text: str) -> None:
    """A fingerprint, for one."""
    with pytest.raises(HostKeyUnreadable, match="none that can be compared with"):
        connect(replace(server.login, host_key=text), print)


def open_to_others(key: Path) -> None:
    key.chmod(0o640)


def with_passphrase(key: Path) -> None:
    run("ssh-keygen", "-q", "-p", "-N", "secret", "-f", key)


def with_passphrase_in_pem(key: Path) -> None:
    key.unlink()
    run("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "secret", "-f", key)


def public_half(key: Path) -> None:
    key.write_text("ssh-ed25519 AAAA somebody\n")


def empty(key: Path) -> None:
    key.write_bytes(b"")


def cut_off(key: Path) -> None:
    key.write_bytes(key.read_bytes()[:-90])


def folder(key: Path) -> None:
    key.unlink()
    key.mkdir()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (open_to_others, "its mode is 0640, so that others can read it"),
        (with_passphrase, "it has a passphrase"),
        (with_passphrase_in_pem, "it has a passphrase"),
        (public_half, "it is no private key"),
        (empty, "it is no private key"),
        (cut_off, "it is no private key"),
        (security_key.write, "it is no private key"),
        (folder, "Is a directory"),
        (Path.unlink, "No such file or directory"),
    ],
)
def test_a_login_key_that_is_no_use_is_told_at_once(
    server: Server, tmp_path: Path, spoil: Callable[[Path], None], why: str
) -> None:
    """In words of its own; no host is waited for."""
    key = tmp_path / "key"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
    if spoil is folder:
        why = f"({why}|its mode is)"
    spoil(key)
    said: list[str] = []
    with pytest.raises(LoginKeyUnusable, match=f"key can't be used to log in to 127.0.0.1: {why}"):
        connect(replace(server.login, key_file=key, port=1), said.append)
    assert said == []


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_refused_login_key_is_told_as_that(server: Server, tmp_path: Path, kind: str) -> None:
    """Which key, for which user."""
    run("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", tmp_path / "own")
    with pytest.raises(HostUnreachable, match=r"it refuses the key .*own for the user root"):
        connect(replace(server.login, key_file=tmp_path / "own"), print, patience=0)


def test_a_login_without_any_key_is_told_at_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """No agent, and nothing in ~/.ssh."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with pytest.raises(LoginKeyUnusable, match=r"No key can't be used .*: the SSH agent has none"):
        connect(replace(server.login, key_file=None), print)


def test_the_keys_of_a_person_are_tried_where_none_is_named(server: Server) -> None:
    """As ssh does."""
    (Path.home() / ".ssh").mkdir()
    (Path.home() / ".ssh" / "id_ed25519").symlink_to(server.folder / "login")
    connect(replace(server.login, key_file=None), print).close()


def test_a_persons_own_settings_have_no_say(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of SSH nor of Fabric: another port, user or key leads nowhere else, and nothing is only shown."""
    hostile = (
        "run: {dry: true, echo: true, warn: false, env: {A: B}}\nport: 9\nuser: nobody\ngateway: nowhere.example\n"
    )
    (Path.home() / ".ssh").mkdir()
    (Path.home() / ".ssh" / "config").write_text("Host *\n  Port 9\n  User somebody\n  ProxyCommand false\n")
    for name in (".fabric.yaml", ".invoke.yaml", "fabric.yaml"):
        (Path.home() / name).write_text(hostile)
    for name in ("FABRIC_RUN_DRY", "INVOKE_RUN_DRY", "FABRIC_RUN_ECHO", "FABRIC_CONNECT_KWARGS"):
        monkeypatch.setenv(name, "1")
    monkeypatch.chdir(Path.home())
    host = connect(server.login, print)
    assert must(host, "print", "sh", "-c", "echo seen; exit 0") == "seen\n"
    assert host.run(["sh", "-c", "exit 3"]).exit_code == 3
    host.close()
