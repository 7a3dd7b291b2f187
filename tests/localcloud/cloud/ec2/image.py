"""The public machine images of this cloud, as two releases of AWS's GPU image for Ubuntu show in the API.

Whatever an image's name says, the one system that the machines have boots.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.utils import utcnow
from moto.ec2.exceptions import InvalidAMIIdError
from moto.ec2.models import EC2Backend
from moto.ec2.models.amis import Ami
from moto.ec2.models.instances import Reservation
from moto.ssm.models import Parameter, ssm_backends

AMI_ID = "ami-0a9e47f1c3b2d8650"
"""The newest release, which most launches use."""

OTHER_AMI_ID = "ami-0c41d7b25e9f06a38"
"""An earlier one."""

ROOT_DEVICE = "/dev/sda1"
ROOT_DISK = {"VolumeSize": 75, "VolumeType": "gp3", "DeleteOnTermination": True}
"""Of a launch that does not say otherwise; the size is in GiB."""

_GPU = "/aws/service/deeplearning/ami/x86_64"
PARAMETER = f"{_GPU}/oss-nvidia-driver-gpu-pytorch-2.12-ubuntu-24.04/latest/ami-id"
"""The public parameter by which AWS names the newest such image (AWS Deep Learning AMIs, developer guide)."""


@dataclass(frozen=True)
class Release:
    """An image: its id and name, and the public parameters that lead to it."""

    id: str
    name: str
    parameters: tuple[str, ...]


RELEASES = (
    Release(AMI_ID, "Deep Learning OSS Nvidia Driver AMI GPU PyTorch 2.12 (Ubuntu 24.04) local", (PARAMETER,)),
    Release(
        OTHER_AMI_ID,
        "Deep Learning OSS Nvidia Driver AMI GPU PyTorch 2.10 (Ubuntu 24.04) local",
        (
            f"{_GPU}/oss-nvidia-driver-gpu-pytorch-2.10-ubuntu-24.04/latest/ami-id",
            f"{_GPU}/oss-nvidia-driver-gpu-pytorch-2.9-amazon-linux-2023/latest/ami-id",
            f"{_GPU}/oss-nvidia-driver-gpu-pytorch-2.7-ubuntu-22.04/latest/ami-id",
            f"{_GPU}/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id",
            f"{_GPU}/base-oss-nvidia-driver-gpu-ubuntu-22.04/latest/ami-id",
            f"{_GPU}/base-oss-nvidia-driver-gpu-amazon-linux-2023/latest/ami-id",
            "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
        ),
    ),
)


class GpuImage(Ami):
    """Its root volume is larger than the 15 GiB that moto writes for every image."""

    def __init__(self, ec2_backend: Any, release: Release) -> None:
        super().__init__(
            ec2_backend,
            release.id,
            name=release.name,
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


class ImageBackend(EC2Backend):
    """The images of a region."""

    def _load_amis(self) -> None:
        """Ours alone: moto has hundreds, and makes a volume for each, which is a disk here."""
        self.amis.update({one.id: GpuImage(self, one) for one in RELEASES})

    def run_instances(self, image_id: str, *words: Any, **named: Any) -> Reservation:
        """Refuse an image that there is not, or not any more; moto does so for some, and when told to."""
        if image_id and image_id not in self.amis:
            raise InvalidAMIIdError(image_id)
        return super().run_instances(image_id, *words, **named)


def publish() -> None:
    """Put the public parameters into every region; PutParameter refuses names that begin with /aws/."""
    account = ssm_backends[DEFAULT_ACCOUNT_ID]
    for region in account.regions:
        for release in RELEASES:
            for name in release.parameters:
                account[region]._parameters[name] = [_parameter(name, release.id)]


def _parameter(name: str, image_id: str) -> Parameter:
    return Parameter(  # type: ignore[abstract]  # moto makes them, too
        account_id=DEFAULT_ACCOUNT_ID,
        name=name,
        value=image_id,
        parameter_type="String",
        description=None,
        allowed_pattern=None,
        keyid=None,
        last_modified_date=utcnow(),
        version=1,
        data_type="aws:ec2:image",
    )
