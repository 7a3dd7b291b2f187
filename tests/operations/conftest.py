"""AWS's API, and a stack's folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from infra.operations import taking
from tests.configured import REGION, REPOSITORY
from tests.localcloud.cloud import api
from tests.localcloud.cloud.disks import Disks
from tests.localcloud.cloud.machines import NoMachines
from tests.operations.cloud import Cloud


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits looks again at once."""
    monkeypatch.setattr(taking, "PAUSE", 0)


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """The API, in this process; the project's folder, with the stack dev, is the working folder."""
    (tmp_path / "disks").mkdir()
    project(tmp_path, monkeypatch)
    with api.served(NoMachines(), Disks(tmp_path / "disks")) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        yield Cloud(boto3.client("ec2", REGION), boto3.client("dlm", REGION))


def project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project's folder with the stack dev, as the working folder; and keys that no account has."""
    (folder / "project").mkdir()
    monkeypatch.chdir(folder / "project")
    shutil.copy(REPOSITORY / "Pulumi.yaml", "Pulumi.yaml")
    own = "config:\n  aws:region: us-east-1\n  zagent:sshCidrs: [192.0.2.1/32]\n"
    Path("Pulumi.dev.yaml").write_text(own)
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
