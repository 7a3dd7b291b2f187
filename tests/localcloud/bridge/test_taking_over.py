"""What another has made becomes part of a stack, on the real engine."""

from __future__ import annotations

from functools import partial

import boto3
import pytest

from tests.localcloud.bridge.lives import POLICY, TRUST
from tests.localcloud.cloud.region import REGION
from tests.localcloud.project import Project

PROGRAM = f"""
import pulumi, pulumi_aws as aws
take = lambda identity: pulumi.ResourceOptions(import_=identity)
aws.iam.Role("role", name="theirs", assume_role_policy={TRUST!r}, path="/", max_session_duration=3600)
aws.iam.RolePolicy("policy", name="all", role="theirs", policy={POLICY!r}, opts=take("theirs:all"))
aws.ssm.Parameter("parameter", name="/theirs", type="SecureString", value="hush", opts=take("/theirs"))
"""


@pytest.mark.cloud
def test_resources_are_imported(project: Project) -> None:
    """By the command, which finds the inputs, or by a program that has them; afterwards there is nothing to do."""
    url = project.variables["AWS_ENDPOINT_URL"]
    client = partial(
        boto3.client, region_name=REGION, endpoint_url=url, aws_access_key_id="x", aws_secret_access_key="y"
    )
    client("iam").create_role(RoleName="theirs", AssumeRolePolicyDocument=TRUST)
    client("iam").put_role_policy(RoleName="theirs", PolicyName="all", PolicyDocument=POLICY)
    client("ssm").put_parameter(Name="/theirs", Type="SecureString", Value="hush")
    options = ("--yes", "--skip-preview", "--generate-code=false", "--protect=false")
    project.run("import", "aws:iam/role:Role", "role", "theirs", *options)
    project.write(PROGRAM)
    assert "= 2 imported" in project.up()
    project.run("up", "--yes", "--skip-preview", "--expect-no-changes")
