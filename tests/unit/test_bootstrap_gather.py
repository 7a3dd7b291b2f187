"""The script that asks a host for its facts: how long it waits for each."""

from __future__ import annotations

import json

import pytest

from infra.bootstrap.facts.commands import FACTS, PATIENCE
from infra.bootstrap.facts.parsers import TIMED_OUT
from infra.bootstrap.files import gather
from infra.bootstrap.gather import FACTS_PATIENCE
from infra.bootstrap.ssh.host import COMMAND_PATIENCE

NEVER = "echo begun; sleep 600 | cat; echo ended"
"""What is cut off began more than one process; each holds what it prints to."""


def asked(capsys: pytest.CaptureFixture[str], commands: dict[str, float]) -> list[list[object]]:
    """What the script prints for these commands and their seconds."""
    gather.main({"device": ["true", 60], "environment": {}, "commands": commands})
    found: list[list[object]] = json.loads(capsys.readouterr().out)
    return found


def test_a_command_that_does_not_end_is_cut_off_with_all_that_it_began(capsys: pytest.CaptureFixture[str]) -> None:
    """One stuck disk must not keep the host from telling the rest."""
    assert asked(capsys, {NEVER: 0.2, "echo here": 300}) == [[TIMED_OUT, ""], [0, "here\n"]]


def test_a_command_that_may_take_longer_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    """While the other is cut off; each answer stands where its command does."""
    assert asked(capsys, {"sleep 1; echo read; exit 1": 300, NEVER: 0.2}) == [[1, "read\n"], [TIMED_OUT, ""]]


def test_only_the_check_of_the_packages_may_take_longer() -> None:
    """It alone reads gigabytes; and all of the time that it may take is the host's to answer in."""
    longer = {name: fact.patience for name, fact in FACTS.items() if fact.patience > PATIENCE}
    assert [*longer] == ["checked"]
    assert COMMAND_PATIENCE + longer["checked"] == FACTS_PATIENCE
