"""The sample's stack on a local cloud, and SSH to its host."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from tests.localcloud.cloud.region import REGION
from tests.localcloud.local import LocalCloud
from tests.localcloud.project import Project
from tests.localcloud.waiting import until

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

PROGRAM = Path(__file__).parent / "program.py"
IMAGE = "/aws/service/deeplearning/ami/x86_64/oss-nvidia-driver-gpu-pytorch-2.12-ubuntu-24.04/latest/ami-id"
BOOT_SECONDS = 500


@dataclass(frozen=True)
class Stack:
    """The sample's stack, and SSH to its host."""

    cloud: LocalCloud
    project: Project
    key: Path

    def configure(self, **values: str) -> None:
        """Set configuration values."""
        for name, value in values.items():
            self.project.run("config", "set", name, value)

    def plan(self) -> dict[str, str]:
        """What `pulumi preview` would do with each resource that does not stay as it is, by its name."""
        steps = json.loads(self.project.run("preview", "--json"))["steps"]
        return {one["urn"].rpartition("$")[2].rpartition("::")[2]: one["op"] for one in steps if one["op"] != "same"}

    def host(self) -> str:
        """The host's id."""
        return str(self.project.outputs()["host"])

    def ssh(self, command: str) -> str:
        """What a command prints on the host, once that answers; it must succeed."""
        until(lambda: self._try("true").returncode == 0, BOOT_SECONDS)
        done = self._try(command)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def _try(self, command: str) -> subprocess.CompletedProcess[str]:
        address = next(one["address"] for one in self.cloud.status()["hosts"] if one["id"] == self.host())
        trust = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=10"]
        line = ["ssh", "-F", "none", "-i", str(self.key), *trust, f"ubuntu@{address}", command]
        return subprocess.run(line, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)

    def ec2(self) -> EC2Client:
        """The API."""
        endpoint = self.cloud.environment()["AWS_ENDPOINT_URL"]
        return boto3.client("ec2", REGION, endpoint_url=endpoint, aws_access_key_id="x", aws_secret_access_key="y")


@contextmanager
def running(folder: Path) -> Iterator[Stack]:
    """A new stack, on a cloud of its own in ``folder`` that runs for the length of the block."""
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key], check=True)
    with LocalCloud(folder / "cloud") as cloud:
        stack = Stack(cloud, Project(folder / "project", cloud.environment()), key)
        stack.project.write(PROGRAM.read_text())
        stack.configure(publicKey=key.with_suffix(".pub").read_text(), image=IMAGE)
        yield stack
