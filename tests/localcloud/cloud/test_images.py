"""The public images: how a program finds them, and what becomes of one that there is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.localcloud.cloud.conftest import Recorder
from tests.localcloud.cloud.ec2.image import AMI_ID, OTHER_AMI_ID, PARAMETER, RELEASES
from tests.localcloud.cloud.test_instances import describe, run

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ssm import SSMClient


def test_every_public_parameter_leads_to_an_image(ec2: EC2Client, ssm: SSMClient) -> None:
    """The names that users of GPU images read; GetParametersByPath has those of the deep learning images, too."""
    names = [name for one in RELEASES for name in one.parameters]
    values = {name: ssm.get_parameter(Name=name)["Parameter"]["Value"] for name in names}
    assert len(ec2.describe_images(ImageIds=list(set(values.values())))["Images"]) == len(RELEASES)
    path = "/aws/service/deeplearning/ami/x86_64"
    listed = ssm.get_parameters_by_path(Path=path, Recursive=True)["Parameters"]
    assert {one["Name"] for one in listed} == {name for name in names if name.startswith(path)}
    assert values[PARAMETER] == AMI_ID


def test_an_instance_of_each_image_runs(ec2: EC2Client, machines: Recorder) -> None:
    """So that a program can go from one to the other; each shows its own."""
    for image in (AMI_ID, OTHER_AMI_ID):
        instance = run(ec2, ImageId=image)
        assert describe(ec2, instance)["ImageId"] == image
    assert [call[0] for call in machines.calls] == ["launch", "launch"]


def test_an_image_that_is_not_there_boots_nothing(ec2: EC2Client, machines: Recorder) -> None:
    """Neither an unknown one nor one that was deregistered."""
    ec2.deregister_image(ImageId=OTHER_AMI_ID)
    for image in ("ami-00000000000000000", OTHER_AMI_ID):
        with pytest.raises(ClientError, match=r"InvalidAMIID\.NotFound"):
            run(ec2, ImageId=image)
    assert machines.calls == []
    assert ec2.describe_instances()["Reservations"] == []
