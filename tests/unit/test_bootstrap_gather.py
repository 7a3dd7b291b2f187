"""The script that asks a host for its facts: how long it waits for each."""

from __future__ import annotations

import json

import pytest

from infra.bootstrap.facts.commands import FACTS
from infra.bootstrap.facts.parsers import TIMED_OUT
from infra.bootstrap.files import gather
from infra.bootstrap.gather import FACTS_PATIENCE
from infra.bootstrap.ssh.host import COMMAND_PATIENCE

NEVER = "echo begun; sleep 600 | cat; echo ended"
"""What is cut off began more than one process; each holds what it prints to."""


def asked(
    capsys: pytest.CaptureFixture[str], commands: dict[str, str], patience: dict[str, float]
) -> dict[str, list[object]]:
    """What the script prints for these commands."""
    gather.main({"device": "true", "environment": {}, "commands": commands, "patience": patience})
    found: dict[str, list[object]] = json.loads(capsys.readouterr().out)
    return found


def test_a_command_that_does_not_end_is_cut_off_with_all_that_it_began(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One stuck disk must not keep the host from telling the rest."""
    monkeypatch.setattr(gather, "PATIENCE", 0.2)
    found = asked(capsys, {"stuck": NEVER, "well": "echo here"}, {"well": 300})
    assert found == {"stuck": [TIMED_OUT, ""], "well": [0, "here\n"]}


def test_a_command_that_may_take_longer_is_waited_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While all others are cut off when they always were."""
    monkeypatch.setattr(gather, "PATIENCE", 0.2)
    found = asked(capsys, {"long": "sleep 1; echo read; exit 1", "other": NEVER}, {"long": 300})
    assert found == {"long": [1, "read\n"], "other": [TIMED_OUT, ""]}


def test_only_the_check_of_the_packages_may_take_longer() -> None:
    """It alone reads gigabytes; and all of the time that it may take is the host's to answer in."""
    longer = {name: fact.patience for name, fact in FACTS.items() if fact.patience is not None}
    assert [*longer] == ["checked"]
    assert longer["checked"] > gather.PATIENCE
    assert COMMAND_PATIENCE + longer["checked"] == FACTS_PATIENCE
