"""What a host is waited for before it is looked at: programs in the place of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.bootstrap import ready as readiness
from infra.bootstrap.ready import ready
from infra.errors import CommandFailed
from tests.bootstrap.local_host import LocalHost


def said(bare: LocalHost) -> list[str]:
    """What is said until it is ready."""
    lines: list[str] = []
    ready(bare, lines.append)
    return lines


def test_a_machine_without_cloud_init_is_ready(bare: LocalHost) -> None:
    """Nothing is waited for, and nothing said."""
    assert said(bare) == []


def test_the_first_boot_is_waited_for(bare: LocalHost, tmp_path: Path) -> None:
    """Its end is what comes first."""
    bare.give("cloud-init", f'[ "$*" = "status --wait" ] && sleep 0.2 && touch {tmp_path}/ended')
    assert said(bare) == []
    assert (tmp_path / "ended").exists()


def test_a_check_that_a_mount_has_started_is_waited_for(bare: LocalHost, tmp_path: Path) -> None:
    """A converge right after a boot does not plan it again."""
    bare.give("systemctl", f'case "$1" in show) echo 17 ;; start) sleep 0.2; touch {tmp_path}/ended ;; esac')
    assert said(bare) == []
    assert (tmp_path / "ended").exists()


def test_a_check_that_nothing_has_started_is_left_alone(bare: LocalHost, tmp_path: Path) -> None:
    """To wait is no reason to start it."""
    bare.give("systemctl", f'[ "$1" = show ] || touch {tmp_path}/started')
    assert said(bare) == []
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize("code", [1, 2])
def test_a_first_boot_that_ended_with_errors_is_told(bare: LocalHost, code: int) -> None:
    """It may be none of ours; it steers no terminal."""
    bare.give("cloud-init", f"printf 'status: error\\ndetail: \\033[2Ja module failed\\n'; exit {code}")
    (line,) = said(bare)
    assert line == "warning: cloud-init of root@here ended with errors: status: error; detail: \\x1b[2Ja module failed"


def test_a_first_boot_that_does_not_end_is_an_error(bare: LocalHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is done in the midst of it."""
    monkeypatch.setattr(readiness, "FIRST_BOOT", 1)
    bare.give("cloud-init", "exec sleep 60")
    with pytest.raises(CommandFailed, match="could not end its first boot: cloud-init still works after 1 s"):
        said(bare)
