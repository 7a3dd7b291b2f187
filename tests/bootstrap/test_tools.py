"""The tools of XFS, on a machine with no more than a test gives it."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.bootstrap.facts.commands import FACTS
from infra.bootstrap.permission import Record
from infra.bootstrap.steps.base import Target
from infra.bootstrap.steps.tools import InstallTools
from infra.errors import CommandFailed, HostUnsuitable
from tests.bootstrap.local_host import LocalHost, Noted

XFS = ("mkfs.xfs", "xfs_growfs", "xfs_freeze")


def has_tools(bare: LocalHost) -> bool:
    """What the facts say of it."""
    ran = bare.run(["sh", "-c", FACTS["tools"].command])
    return bool(FACTS["tools"].parse(ran.exit_code, ran.out))


def install(bare: LocalHost) -> None:
    """Take the step."""
    InstallTools().take(Target(bare, Noted(Record()), lambda line: None))


@pytest.mark.parametrize("missing", XFS)
def test_all_three_are_needed(bare: LocalHost, missing: str) -> None:
    """An image that has been made small may have but one of them."""
    for name in XFS:
        bare.give(name)
    assert has_tools(bare)
    (bare.tools / missing).unlink()
    assert not has_tools(bare)


def test_they_are_installed(bare: LocalHost, tmp_path: Path) -> None:
    """Nobody is asked, others are waited for, and old lists of packages are made new where they are too old."""
    asked = f'echo "$DEBIAN_FRONTEND $*" >> {tmp_path}/asked'
    bare.give("apt-get", f'{asked}; case "$*" in *update*) touch {tmp_path}/new;; esac; [ -e {tmp_path}/new ]')
    install(bare)
    wanted = "noninteractive -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends install xfsprogs"
    update = "noninteractive -q -o DPkg::Lock::Timeout=300 update"
    assert (tmp_path / "asked").read_text().splitlines() == [wanted, update, wanted]


def test_a_package_manager_that_fails_is_told_in_its_words(bare: LocalHost) -> None:
    """The last of them."""
    bare.give("apt-get", "echo 'E: Unable to locate package xfsprogs' >&2; exit 100")
    with pytest.raises(CommandFailed, match="could not install xfsprogs: E: Unable to locate package"):
        install(bare)


def test_a_machine_with_another_package_manager_is_refused(bare: LocalHost) -> None:
    """With what to install."""
    with pytest.raises(HostUnsuitable, match="it has no xfsprogs, and no apt-get") as raised:
        install(bare)
    assert "install xfsprogs" in raised.value.advice
