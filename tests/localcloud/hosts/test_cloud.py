"""The processes of a whole cloud with a machine in it: where they listen, and how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from ipaddress import IPv6Address, ip_address
from pathlib import Path

import boto3
import pytest

from tests.localcloud.cloud.ec2.image import AMI_ID
from tests.localcloud.cloud.region import REGION
from tests.localcloud.hosts import machine as machines
from tests.localcloud.hosts.image import Image
from tests.localcloud.hosts.machine import Machine
from tests.localcloud.local import LocalCloud
from tests.localcloud.process import Process, descendants
from tests.localcloud.state import Record
from tests.localcloud.waiting import until

pytestmark = [pytest.mark.vm, pytest.mark.root, pytest.mark.cloud, pytest.mark.timeout(1200)]

TABLES = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"}
"""The kernel's tables in /proc/net, and the state of a socket there that waits for whoever comes (proc(5))."""


@pytest.fixture(scope="module")
def cloud(obtainable: None, made_image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A cloud with machines."""
    with LocalCloud(tmp_path_factory.mktemp("cloud") / "state") as cloud:
        yield cloud


@pytest.fixture(scope="module")
def daemon(cloud: LocalCloud) -> Record:
    """Its daemon."""
    record = cloud.state.running()
    assert record
    return record


@pytest.fixture(scope="module")
def machine(cloud: LocalCloud, daemon: Record) -> Machine:
    """The machine of an instance in it, which nobody waits for to boot."""
    ec2 = boto3.client("ec2", REGION, endpoint_url=daemon.endpoint, aws_access_key_id="x", aws_secret_access_key="y")
    ran = ec2.run_instances(ImageId=AMI_ID, InstanceType="g6e.xlarge", MinCount=1, MaxCount=1)
    return Machine(cloud.state.hosts / ran["Instances"][0]["InstanceId"], Image(cloud.folder), {})


@pytest.fixture
def bridge(cloud: LocalCloud) -> Iterator[Process]:
    """The provider plug-in, as the engine starts it."""
    command = [sys.executable, "-m", "tests.localcloud.bridge"]
    with subprocess.Popen(command, env=cloud.environment(), stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline().strip().isdigit()
        yield Process.of(process.pid)
        process.terminate()


def test_nothing_listens_beyond_loopback(daemon: Record, machine: Machine, bridge: Process) -> None:
    """Neither the API with its hub and control, nor QEMU, nor the AWS provider and the bridge before it."""
    qemu = machine.process()
    assert qemu
    found = set(listening(one for root in (daemon.process, qemu, bridge) for one in (root, *descendants(root.pid))))
    ours = {("127.0.0.1", port) for port in (daemon.api_port, daemon.control_port, daemon.hub_port)}
    assert {*ours, (machine.record.address, 22)} <= found
    assert not [one for one in found if not ip_address(one[0]).is_loopback]


def test_stop_ends_the_machines_that_a_killed_daemon_left(
    cloud: LocalCloud, daemon: Record, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By number and start time, as a record has them; nothing of them is left."""
    monkeypatch.setattr(machines, "SHUTDOWN_SECONDS", 0)  # it has hardly begun to boot
    qemu = machine.process()
    assert qemu
    os.kill(daemon.pid, signal.SIGKILL)
    until(lambda: not daemon.process.alive())
    assert qemu.alive()
    cloud.stop()
    assert not qemu.alive()
    assert not list(cloud.state.hosts.iterdir())


def listening(processes: Iterable[Process]) -> Iterator[tuple[str, int]]:
    """The addresses and ports on which processes wait for whoever comes."""
    ours = {inode for one in processes for inode in sockets(one.pid)}
    for table, state in TABLES.items():
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == state and fields[9] in ours:
                address, _, port = fields[1].partition(":")
                yield decoded(address), int(port, 16)


def sockets(pid: int) -> Iterator[str]:
    """The numbers of the sockets that a process holds."""
    for file in Path(f"/proc/{pid}/fd").iterdir():
        kind, _, inode = str(file.readlink()).partition(":[")
        if kind == "socket":
            yield inode.rstrip("]")


def decoded(address: str) -> str:
    """An address as people write it, from words of four bytes as the processor holds them."""
    words = [bytes.fromhex(address[start : start + 8])[::-1] for start in range(0, len(address), 8)]
    found = ip_address(b"".join(words))
    return str((isinstance(found, IPv6Address) and found.ipv4_mapped) or found)
