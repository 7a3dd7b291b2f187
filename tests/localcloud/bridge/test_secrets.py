"""Secrets on the real engine: whatever the program or the provider calls secret is nowhere to be read in the state."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.localcloud.project import Project

KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
"""The public half of an ed25519 key, which only stands for something that nobody should see."""

HIDDEN = (KEY, "in a map", "in a list", "10.9.8.0/24", "by the schema", "InADocument")

PROGRAM = f"""
import json, pulumi, pulumi_aws as aws
secret = pulumi.Output.secret
key = aws.ec2.KeyPair("key", public_key=secret("ssh-ed25519 {KEY}"), tags={{"a": secret("in a map"), "b": "open"}})
rules = [{{"from_port": 80, "to_port": 80, "protocol": "tcp", "cidr_blocks": [secret("10.9.8.0/24"), "10.0.0.0/8"]}},
         {{"from_port": 22, "to_port": 22, "protocol": "tcp", "self": True, "description": secret("in a list")}}]
group = aws.ec2.SecurityGroup("group", ingress=rules)
parameter = aws.ssm.Parameter("parameter", type="SecureString", value="by the schema")

# What an unknown value makes unknown, in a preview.
document = aws.iam.get_policy_document_output(statements=[{{"actions": ["ec2:*"], "resources": [group.arn]}}])
trust = {{"Sid": secret("InADocument"), "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {{"AWS": "*"}}}}
role = aws.iam.Role("role", assume_role_policy={{"Version": "2012-10-17", "Statement": [trust]}})
policy = aws.iam.RolePolicy("policy", role=role.id, policy=document.json)
pulumi.export("key", key.public_key)
pulumi.export("tags", key.tags_all)
pulumi.export("policy", policy.policy)
pulumi.export("role", role.name)
"""


@pytest.mark.cloud
def test_a_secret_is_nowhere_in_the_state(project: Project, tmp_path: Path) -> None:
    """Neither as input nor as output, nor in the provider's notes; nothing changes for being secret.

    On the way: what the program does not name has a name of its own, a policy of unknown parts is made from them.
    """
    project.write(PROGRAM)
    project.run("preview")
    project.up()
    project.run("up", "--yes", "--refresh", "--skip-preview", "--expect-no-changes")
    states = [file.read_text() for file in (tmp_path / "stacks").rglob("*.json*")]
    assert any("aws:ec2/keyPair:KeyPair" in state for state in states)
    assert [text for text in HIDDEN for state in states if text in state] == []
    found = json.loads(project.run("stack", "output", "--json", "--show-secrets"))
    assert KEY in found["key"]
    assert found["tags"] == {"a": "in a map", "b": "open"}
    assert found["role"].startswith("role-")
    assert json.loads(found["policy"])["Statement"][0]["Resource"].startswith("arn:aws:ec2:")
