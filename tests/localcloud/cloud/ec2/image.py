"""The one public machine image of this cloud, as AWS's GPU image for Ubuntu shows in the API."""

from __future__ import annotations

from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.utils import utcnow
from moto.ec2.models.amis import Ami
from moto.ssm.models import Parameter, ssm_backends

AMI_ID = "ami-0a9e47f1c3b2d8650"
ROOT_DEVICE = "/dev/sda1"
ROOT_DISK = {"VolumeSize": 75, "VolumeType": "gp3", "DeleteOnTermination": True}
"""Of a launch that does not say otherwise; the size is in GiB."""

PARAMETER = "/aws/service/deeplearning/ami/x86_64/oss-nvidia-driver-gpu-pytorch-2.12-ubuntu-24.04/latest/ami-id"
"""The public parameter by which AWS names the newest such image (AWS Deep Learning AMIs, developer guide)."""


class GpuImage(Ami):
    """Its root volume is larger than the 15 GiB that moto writes for every image."""

    def __init__(self, ec2_backend: Any) -> None:
        super().__init__(
            ec2_backend,
            AMI_ID,
            name="Deep Learning Base OSS Nvidia Driver GPU AMI (Ubuntu 24.04) local",
            owner_alias="amazon",
            owner_id="898082745236",
            public=True,
            virtualization_type="hvm",
            hypervisor="xen",
            architecture="x86_64",
            root_device_type="ebs",
            root_device_name=ROOT_DEVICE,
        )
        self.ebs_snapshot.volume.size = ROOT_DISK["VolumeSize"]

    @property
    def block_device_mappings(self) -> list[dict[str, Any]]:
        """The root volume, as DescribeImages shows it."""
        return [{"DeviceName": ROOT_DEVICE, "Ebs": {"SnapshotId": self.ebs_snapshot.id, **ROOT_DISK}}]


def publish() -> None:
    """Put the public parameter into every region; PutParameter refuses names that begin with /aws/."""
    account = ssm_backends[DEFAULT_ACCOUNT_ID]
    for region in account.regions:
        account[region]._parameters[PARAMETER] = [_parameter()]


def _parameter() -> Parameter:
    return Parameter(  # type: ignore[abstract]  # moto makes them, too
        account_id=DEFAULT_ACCOUNT_ID,
        name=PARAMETER,
        value=AMI_ID,
        parameter_type="String",
        description=None,
        allowed_pattern=None,
        keyid=None,
        last_modified_date=utcnow(),
        version=1,
        data_type="aws:ec2:image",
    )
