"""A stack of the product's own program on a cloud without machines."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from infra.account.access import Access
from infra.account.caller import caller
from tests.engine.declared import declared
from tests.engine.recorded import DIARY
from tests.localcloud.conftest import obtainable, shared_cache
from tests.localcloud.local import LocalCloud
from tests.localcloud.project import Project

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

__all__ = ["obtainable", "shared_cache"]


@dataclass(frozen=True)
class Stack:
    """The stack ``test`` of the product's program, and AWS's API beside it."""

    cloud: LocalCloud
    project: Project
    ec2: EC2Client
    diary: Path

    def up(self, *words: str) -> str:
        """`pulumi up`, which must succeed."""
        return self.project.run("up", "--yes", "--skip-preview", *words)

    def refused(self, *words: str) -> str:
        """A command that must fail, without a traceback; what it said."""
        code, said = self.project.try_to(*words)
        assert code != 0, said
        assert "Traceback" not in said, said
        return said

    def zagent(self, *words: str) -> str:
        """The operator's zagent in the project's folder, which must succeed; what it said."""
        command, folder = [sys.executable, "-m", "zagent", *words], self.project.folder
        done = subprocess.run(
            command, cwd=folder, env=self.project.variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def volumes(self) -> list[str]:
        """The ids of all volumes that carry the stack's tags."""
        own = [{"Name": "tag:zagent:stack", "Values": ["test"]}]
        return [one["VolumeId"] for one in self.ec2.describe_volumes(Filters=own)["Volumes"]]  # type: ignore[arg-type]

    @property
    def owner(self) -> str:
        """Who asks AWS here, as a tag on a volume says it."""
        return caller(Access()).owner

    def hosts(self) -> list[str]:
        """The ids of all instances that are not terminated."""
        alive = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
        pages = self.ec2.describe_instances(Filters=alive)["Reservations"]  # type: ignore[arg-type]
        return [one["InstanceId"] for page in pages for one in page["Instances"]]

    def permission(self, volume: str) -> str:
        """The tag that keeps the permission to format."""
        tags = self.ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["Tags"]
        return {one["Key"]: one["Value"] for one in tags}.get("zagent:format", "")

    def calls(self) -> list[dict[str, Any]]:
        """What the bootstrap was called for, in order."""
        return [json.loads(line) for line in self.diary.read_text().splitlines()] if self.diary.exists() else []


@pytest.fixture
def stack(obtainable: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A stack on a cloud of its own: what a test leaves there, and its faults, nobody else meets."""
    with LocalCloud(tmp_path / "cloud", hosts=False) as cloud:
        for name, value in cloud.environment().items():
            if name.startswith("AWS_"):
                monkeypatch.setenv(name, value)
        diary = tmp_path / "diary"
        yield Stack(cloud, declared(cloud, tmp_path, {DIARY: str(diary)}), boto3.client("ec2"), diary)
