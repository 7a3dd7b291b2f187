"""Time-outs of single operations, which a program sets with the resource option `custom_timeouts`."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import grpc
import pytest

from tests.localcloud.bridge.engine import Engine, Log, left
from tests.localcloud.bridge.lives import Lives
from tests.localcloud.bridge.refusing import refused
from tests.localcloud.cloud.ec2.volumes import VolumeBackend

GROUP = "aws:ec2/securityGroup:SecurityGroup"
SNAPSHOT = "aws:ebs/snapshot:Snapshot"

pytestmark = pytest.mark.cloud


@pytest.fixture
def pending(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A new snapshot stays incomplete for the length of the test."""
    over = threading.Event()
    monkeypatch.setattr(VolumeBackend, "take_a_while", lambda *_: over.wait(60))
    yield
    over.set()


@pytest.mark.usefixtures("pending")
def test_a_creation_that_takes_too_long_fails(engine: Engine, lives: Lives) -> None:
    """After the program's time, not the provider's own; what is there is kept, and replaced by the next `up`."""
    inputs = {"volumeId": lives["volume"].id}
    with pytest.raises(grpc.RpcError, match="exceeded max wait time") as caught:
        engine.create(SNAPSHOT, inputs, seconds=1)
    half = left(caught.value, SNAPSHOT)
    assert half.id.startswith("snap-")
    assert list(engine.diff(half, inputs).replaces) == ["id"]
    engine.delete(half)


def test_a_deletion_that_takes_too_long_fails(engine: Engine, lives: Lives) -> None:
    """AWS does not let it go, because an image needs it: the provider tries again, until the program's time is over."""
    made = engine.create(SNAPSHOT, {"volumeId": lives["volume"].id})
    with refused("delete_snapshot", "InvalidSnapshot.InUse"), pytest.raises(grpc.RpcError, match="InUse"):
        engine.delete(made, seconds=1)
    engine.delete(made)


def test_a_time_out_without_effect_is_told(engine: Engine, log: Log) -> None:
    """The provider knows none for a change of a security group; for its creation it does."""
    made = engine.create(GROUP, {"name": "timed"}, seconds=300)
    engine.update(made, {"name": "timed", "tags": {"a": "b"}}, seconds=300)
    told = [one for one in log.warnings if "time-out" in one]
    assert told == ["the time-out for update has no effect: the AWS provider has none for aws_security_group"]
    engine.delete(made)
