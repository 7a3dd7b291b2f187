"""A stack moves to another zone: its volume cannot, a copy of it can."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Stack
from tests.engine.recorded import FILESYSTEM

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(900)]


def test_a_stack_goes_on_in_another_zone(stack: Stack) -> None:
    """Destroyed, restored there, up again: nothing is formatted, the network moves without a clash."""
    stack.up()
    (old,) = stack.volumes()
    stack.project.run("config", "set", "availabilityZone", "us-east-1b")
    said = stack.refused("preview")
    assert "pulumi config rm availabilityZone" in said
    assert "zagent cloud snapshot restore --zone us-east-1b" in said

    stack.project.run("destroy", "--yes", "--skip-preview")
    stack.zagent("cloud", "snapshot", "restore", "--zone", "us-east-1b", "--yes")
    stack.up()
    outputs = stack.project.outputs()
    assert (outputs["volume_zone"], outputs["volume_adopted"]) == ("us-east-1b", True)
    assert stack.volumes() == [outputs["volume_id"]]
    assert stack.permission(outputs["volume_id"]) == f"done:{FILESYSTEM}"
    assert stack.calls()[-1]["against"], "what holds data may never be formatted"
    stack.project.run("preview", "--expect-no-changes")

    stack.project.run("destroy", "--yes", "--skip-preview")
    for one in (outputs["volume_id"], old):
        stack.zagent("cloud", "volume", "purge", one, "--yes")
    assert stack.volumes() == []
    assert "a blank one" in stack.project.run("preview"), "what was purged does not come back by itself"
