"""What is said to a host so that its stack's destination is set up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from zagent.schedule.units import SERVICES

from infra.bootstrap.permission import NoRecord
from infra.bootstrap.ssh.host import COMMAND_PATIENCE, Held, OnLine, Ran
from infra.bootstrap.steps import backup
from infra.bootstrap.steps.backup import AddBackup, BeginBackup
from infra.bootstrap.steps.base import Step, Target
from infra.errors import CommandFailed

ADD = ["/usr/local/bin/zagent", "backup", "add", "stack", "/mnt/back up"]


@dataclass
class Told:
    """A host that does whatever it is told, or fails at it; its agent has something to say."""

    code: int = 0
    address: str = "ubuntu@192.0.2.7"
    told: list[list[str]] = field(default_factory=list)

    def run(self, words: Sequence[str], *, on_line: OnLine | None = None, patience: float = COMMAND_PATIENCE) -> Ran:
        """Note it."""
        self.told.append(list(words))
        if on_line:
            on_line("keep this password")
        return Ran(self.code, "", "error: no\ntry:   mount the disk first\n" if self.code else "")

    def hold(self, words: Sequence[str]) -> Held:
        """Nothing here needs it."""
        raise AssertionError(words)

    def put(self, content: bytes | Path, path: str, mode: int, owner: str = "root:root") -> None:
        """Nothing here needs it."""
        raise AssertionError(path)


def taken(step: Step, host: Told) -> list[str]:
    """Take a step; what a person sees of it."""
    said: list[str] = []
    step.take(Target(host, NoRecord(), said.append))
    return said


@pytest.mark.parametrize("instead", [False, True])
def test_the_agent_sets_it_up_and_is_heard(instead: bool) -> None:
    """As the person at the host would, and what it says of a password reaches them."""
    host = Told()
    assert taken(AddBackup("/mnt/back up", instead=instead), host) == ["keep this password"]
    assert host.told == [[*ADD, "--replace"] if instead else ADD]


def test_a_refusal_is_the_steps() -> None:
    """With the agent's own words."""
    with pytest.raises(CommandFailed, match="could not set up backups to /mnt/backup"):
        taken(AddBackup("/mnt/backup"), Told(code=41))


def test_the_first_backup_is_systemds() -> None:
    """It is not waited for."""
    host = Told()
    taken(BeginBackup(), host)
    assert host.told == [["systemctl", "start", "--no-block", "zagent-backup.service"]]
    assert backup.SERVICE in SERVICES
