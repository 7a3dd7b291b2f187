"""Secrets on the real engine: the bridge gets plain values, and the engine keeps them secret all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.localcloud.project import Project

KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
"""The public half of an ed25519 key, which only stands for something that nobody should see."""

PROGRAM = f"""
import pulumi, pulumi_aws as aws
key = aws.ec2.KeyPair("key", public_key=pulumi.Output.secret("ssh-ed25519 {KEY}"))
pulumi.export("key", key.public_key)
"""


@pytest.mark.cloud
def test_a_secret_input_is_nowhere_in_the_state(project: Project, tmp_path: Path) -> None:
    """Neither as input nor as output, nor in the provider's notes; nothing changes for being secret."""
    project.write(PROGRAM)
    project.up()
    project.run("up", "--yes", "--skip-preview", "--expect-no-changes")
    states = [file.read_text() for file in (tmp_path / "stacks").rglob("*.json*")]
    assert any("aws:ec2/keyPair:KeyPair" in state for state in states)
    assert not any(KEY in state for state in states)
    assert KEY in project.run("stack", "output", "key", "--show-secrets")
    project.run("destroy", "--yes", "--skip-preview")
