"""What a host is waited for, and what it is given, before it is looked at: programs in the place of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.bootstrap import ready as readiness
from infra.bootstrap.ready import ready
from infra.errors import CommandFailed, HostUnsuitable
from tests.bootstrap.local_host import LocalHost

XFS = ("mkfs.xfs", "xfs_growfs", "xfs_freeze")
SYSTEM = ("sh", "env", "timeout", "cat", "touch", "ln", "sleep")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalHost:
    """A machine that has a shell, and what a test puts there."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in SYSTEM:
        (tools / name).symlink_to(next(one for one in (Path("/usr/bin") / name, Path("/bin") / name) if one.exists()))
    monkeypatch.setenv("PATH", str(tools))
    return LocalHost(tools)


def program(host: LocalHost, name: str, text: str = "exit 0") -> None:
    """A program of that machine."""
    (host.tools / name).write_text(f"#!/bin/sh\n{text}\n")
    (host.tools / name).chmod(0o755)


@pytest.fixture
def complete(host: LocalHost) -> LocalHost:
    """One that has the tools of XFS."""
    for name in XFS:
        program(host, name)
    return host


def said(host: LocalHost) -> list[str]:
    """What is said until it is ready."""
    lines: list[str] = []
    ready(host, lines.append)
    return lines


def test_a_machine_without_cloud_init_is_ready(complete: LocalHost) -> None:
    """Nothing is waited for, and nothing said."""
    assert said(complete) == []


def test_the_first_boot_is_waited_for(complete: LocalHost, tmp_path: Path) -> None:
    """Its end is what comes first."""
    program(complete, "cloud-init", f'[ "$*" = "status --wait" ] && sleep 0.2 && touch {tmp_path}/ended')
    assert said(complete) == []
    assert (tmp_path / "ended").exists()


@pytest.mark.parametrize("code", [1, 2])
def test_a_first_boot_that_ended_with_errors_is_told(complete: LocalHost, code: int) -> None:
    """It may be none of ours; it steers no terminal."""
    program(complete, "cloud-init", f"printf 'status: error\\ndetail: \\033[2Ja module failed\\n'; exit {code}")
    (line,) = said(complete)
    assert line == "warning: cloud-init of root@here ended with errors: status: error; detail: \\x1b[2Ja module failed"


def test_a_first_boot_that_does_not_end_is_an_error(complete: LocalHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is done in the midst of it."""
    monkeypatch.setattr(readiness, "FIRST_BOOT", 1)
    program(complete, "cloud-init", "exec sleep 60")
    with pytest.raises(CommandFailed, match="could not end its first boot: cloud-init still works after 1 s"):
        said(complete)


@pytest.mark.parametrize("missing", XFS)
def test_the_tools_of_xfs_are_installed(complete: LocalHost, tmp_path: Path, missing: str) -> None:
    """Nobody is asked, others are waited for, and old lists of packages are made new where they are too old."""
    (complete.tools / missing).unlink()
    asked = f'echo "$DEBIAN_FRONTEND $*" >> {tmp_path}/asked'
    program(complete, "apt-get", f'{asked}; case "$*" in *update*) touch {tmp_path}/new;; esac; [ -e {tmp_path}/new ]')
    assert said(complete) == ["root@here lacks xfsprogs: it is installed"]
    install = "noninteractive -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends install xfsprogs"
    update = "noninteractive -q -o DPkg::Lock::Timeout=300 update"
    assert (tmp_path / "asked").read_text().splitlines() == [install, update, install]


def test_a_package_manager_that_fails_is_told_in_its_words(host: LocalHost) -> None:
    """The last of them."""
    program(host, "apt-get", "echo 'E: Unable to locate package xfsprogs' >&2; exit 100")
    with pytest.raises(CommandFailed, match="could not install xfsprogs: E: Unable to locate package"):
        said(host)


def test_a_machine_with_another_package_manager_is_refused(host: LocalHost) -> None:
    """With what to install."""
    with pytest.raises(HostUnsuitable, match="it has no xfsprogs, and no apt-get") as raised:
        said(host)
    assert "install xfsprogs" in raised.value.advice
