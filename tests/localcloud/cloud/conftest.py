"""AWS's API in the test's own process, with machines that only write down what is asked of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from tests.localcloud.cloud import api
from tests.localcloud.cloud.disks import Disks
from tests.localcloud.cloud.ec2.volumes import VolumeBackend
from tests.localcloud.cloud.machines import NoMachines
from tests.localcloud.cloud.region import REGION
from tests.localcloud.waiting import until

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ssm import SSMClient


@dataclass
class Recorder(NoMachines):
    """Stands for virtual machines, which have tests of their own.

    ``calls`` are those made so far. A call whose name is in ``failing`` raises; one that stops, reboots or replaces a
    root waits until ``go_on`` is set; one that detaches waits while the volume is in ``mounted`` and its machine runs.
    """

    calls: list[tuple[object, ...]] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    go_on: threading.Event = field(default_factory=threading.Event)
    mounted: set[str] = field(default_factory=set)

    def _record(self, *call: object) -> None:
        self.calls.append(call)
        if call[0] in self.failing:
            raise RuntimeError(f"{call[0]} failed on purpose")

    def _slow(self, *call: object) -> None:
        assert self.go_on.wait(30), "the test never let it go on"
        self._record(*call)

    def launch(self, instance_id: str, address: str, user_data: bytes, public_key: str, reachable: bool = True) -> None:
        """Write it down, with a word more if it can't be reached."""
        self._record("launch", instance_id, address, user_data, public_key, *([] if reachable else ["silent"]))

    def stop(self, instance_id: str) -> None:
        """Write it down when told to go on."""
        self._slow("stop", instance_id)
        self.mounted.clear()

    def start(self, instance_id: str, address: str) -> None:
        """Write it down."""
        self._record("start", instance_id, address)

    def move(self, instance_id: str, address: str) -> None:
        """Write it down."""
        self._record("move", instance_id, address)

    def reboot(self, instance_id: str) -> None:
        """Write it down when told to go on."""
        self._slow("reboot", instance_id)

    def power_cut(self, instance_id: str) -> None:
        """Write it down."""
        self._record("power_cut", instance_id)

    def terminate(self, instance_id: str) -> None:
        """Write it down."""
        self._record("terminate", instance_id)
        self.mounted.clear()

    def replace_root(self, instance_id: str) -> None:
        """Write it down when told to go on."""
        self._slow("replace_root", instance_id)

    def attach(self, instance_id: str, volume_id: str, disk: Path) -> None:
        """Write it down."""
        self._record("attach", instance_id, volume_id, disk)

    def resize(self, instance_id: str, volume_id: str) -> None:
        """Write it down."""
        self._record("resize", instance_id, volume_id)

    def fail_writes(self, instance_id: str, volume_id: str) -> None:
        """Write it down."""
        self._record("fail_writes", instance_id, volume_id)

    def detach(self, instance_id: str, volume_id: str, force: bool = False) -> None:
        """Write it down when the volume is unmounted, or at once with a word more."""
        until(lambda: force or volume_id not in self.mounted)
        self._record("detach", instance_id, volume_id, *(["force"] if force else []))


@pytest.fixture
def machines() -> Recorder:
    """The machines behind the API."""
    return Recorder()


@pytest.fixture
def disks(tmp_path: Path) -> Disks:
    """The disks behind the API's volumes."""
    (tmp_path / "volumes").mkdir()
    return Disks(tmp_path / "volumes")


@pytest.fixture
def endpoint(machines: Recorder, disks: Disks, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The API's URL."""
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    with api.served(machines, disks) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def ec2(endpoint: str) -> EC2Client:
    """A client of EC2."""
    return boto3.client("ec2", REGION, endpoint_url=endpoint, aws_access_key_id="x", aws_secret_access_key="y")


@pytest.fixture
def ssm(endpoint: str) -> SSMClient:
    """A client of the parameter store."""
    return boto3.client("ssm", REGION, endpoint_url=endpoint, aws_access_key_id="x", aws_secret_access_key="y")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What AWS does in the background takes as long as this is not set; it is, until the test clears it."""
    event = threading.Event()
    event.set()
    monkeypatch.setattr(VolumeBackend, "take_a_while", lambda _: event.wait(60))
    yield event
    event.set()
