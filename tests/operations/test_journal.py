"""``zagent cloud logs``: which lines are asked for, and that they come one by one over a real connection."""

from __future__ import annotations

import _thread
from collections.abc import Sequence
from pathlib import Path

import pytest
import zagent
from typer.testing import CliRunner
from zagent.cli.commands import app

from infra.bootstrap.files import run
from infra.bootstrap.ssh.connecting import connect
from infra.bootstrap.ssh.host import COMMAND_PATIENCE, OnLine, Ran
from infra.cli.ssh import Unit
from infra.operations import journal, snapshot_now
from tests.bootstrap.server import Server, needs_sshd, server
from tests.operations.cloud import Cloud

__all__ = ["server"]

ALL = ["--unit=zagent-pull.service", "--unit=zagent-verify.service", "--unit=zagent-verify-quick.service"]


class Journal:
    """A host whose journal is one line."""

    address = "ubuntu@192.0.2.7"
    asked: Sequence[str] = ()

    def run(self, words: Sequence[str], *, on_line: OnLine | None = None, patience: float = COMMAND_PATIENCE) -> Ran:
        """Tell it."""
        self.asked = words
        assert on_line is not None
        on_line("pulled \x1b[2J")
        return Ran(0, "", "")

    def close(self) -> None:
        """Nothing was open."""


def asked(monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[Sequence[str], str]:
    """What the command asks the host, and what it shows."""
    host = Journal()
    monkeypatch.setattr("infra.bootstrap.ssh.connecting.connect", lambda login, say: host)
    done = CliRunner().invoke(app, ["cloud", "logs", *words], prog_name="zagent")
    assert done.exit_code == 0, done.output
    return host.asked, done.stdout


def test_the_last_lines_of_all_services(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of a host without a volume; nothing of them steers the terminal."""
    cloud.host()
    words, shown = asked(monkeypatch)
    assert [one for one in words if one.startswith("--unit")] == [
        *ALL,
        "--unit=zagent-backup.service",
        "--unit=zagent-backup-check.service",
        "--unit=zagent-runtime.service",
        "--unit=zagent-thaw.service",
    ]
    assert "--lines=200" in words
    assert "--follow" not in words
    assert shown == "pulled \\x1b[2J\n"


def test_one_service_since_then_and_on(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """As journalctl takes it."""
    cloud.host()
    words, _ = asked(monkeypatch, "-f", "--unit", "verify", "--since", "-2h", "-n", "7")
    assert list(words)[3:] == ["--unit=zagent-verify.service", "--lines=7", "--since=-2h", "--follow"]


def test_every_service_is_known() -> None:
    """The agent's own units but for the template, whose journal is by its instances; the pull's, the watchdog's."""
    units = [one.stem for one in (Path(zagent.__file__).parent / "units").glob("*[!@].service")]
    named = {f"zagent-{one.value}" for one in Unit}
    assert {*units, run.UNIT.removesuffix(".service"), snapshot_now.WATCHDOG} <= named


@pytest.mark.root
@needs_sshd
def test_ctrl_c_ends_it(server: Server) -> None:
    """While lines come; the command over there ends with its connection."""
    host = connect(server.login, print)
    lines: list[str] = []

    def heard(line: str) -> None:
        lines.append(line)
        _thread.interrupt_main()

    with pytest.raises(KeyboardInterrupt):
        journal.show(host, ["sh", "-c", "while echo one; do sleep 1; done"], heard)
    host.close()
    assert lines[0] == "one"
