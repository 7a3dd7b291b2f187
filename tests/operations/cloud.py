"""A stack's things in AWS's API, as `pulumi up` would put them there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra import tags
from infra.account.snapshots import DAILY
from tests.configured import REGION
from tests.localcloud.cloud import api
from tests.localcloud.cloud.ec2.image import AMI_ID
from tests.localcloud.waiting import until

if TYPE_CHECKING:
    from types_boto3_dlm import DLMClient
    from types_boto3_ec2 import EC2Client

YOU = "arn:aws:sts::123456789012:user/moto"
"""Who asks there."""

OWN = {tags.PROJECT: "zagent", tags.STACK: "dev"}
UUID = "0b6a3a5e-3d6f-4f6b-9a55-7e1f0a9d6c11"
DATA = {**OWN, tags.OWNER: YOU, tags.SNAPSHOTS: "zagent/dev", tags.FORMAT: f"done:{UUID}"}
"""Of a volume that was formatted, and of the snapshots that copied its tags."""


@dataclass(frozen=True)
class Cloud:
    """AWS's API, and things put there as `pulumi up` would."""

    ec2: EC2Client
    dlm: DLMClient

    def volume(self, **more: str) -> str:
        """A data volume with the stack's tags."""
        tagged: Any = {"ResourceType": "volume", "Tags": tags.listed(DATA | more)}
        made = self.ec2.create_volume(
            AvailabilityZone="us-east-1a",
            Size=4,
            VolumeType="gp3",
            Throughput=500,
            Encrypted=True,
            TagSpecifications=[tagged],
        )
        return made["VolumeId"]

    def host(self, *attached: str) -> str:
        """A running host with an address that stays, and with volumes."""
        tagged: Any = {"ResourceType": "instance", "Tags": tags.listed(OWN)}
        made = self.ec2.run_instances(
            ImageId=AMI_ID, InstanceType="g6e.xlarge", MinCount=1, MaxCount=1, TagSpecifications=[tagged]
        )["Instances"][0]["InstanceId"]
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        self.ec2.associate_address(AllocationId=address, InstanceId=made)
        for one in attached:
            self.ec2.attach_volume(VolumeId=one, InstanceId=made, Device="/dev/sdf")
        return made

    def state(self, host: str) -> str:
        """What EC2 says of a host."""
        return self.ec2.describe_instances(InstanceIds=[host])["Reservations"][0]["Instances"][0]["State"]["Name"]

    def policy(self, target: str = "zagent/dev") -> str:
        """A policy that keeps seven daily snapshots."""
        rule = {"Interval": 24, "IntervalUnit": "HOURS", "Times": ["03:00"]}
        daily: Any = {"Name": "daily", "CreateRule": rule, "RetainRule": {"Count": 7}, "CopyTags": True}
        daily["TagsToAdd"] = tags.listed({tags.KIND: DAILY})
        return self.dlm.create_lifecycle_policy(
            ExecutionRoleArn="arn:aws:iam::123456789012:role/lifecycle",
            Description="d",
            State="ENABLED",
            PolicyDetails={
                "ResourceTypes": ["VOLUME"],
                "TargetTags": [{"Key": tags.SNAPSHOTS, "Value": target}],
                "Schedules": [daily],
            },
        )["PolicyId"]

    def run(self, policy: str) -> None:
        """The policy's hour comes, and its snapshots are completed."""
        api.lifecycle(REGION).run(policy)
        until(self._completed)

    def _completed(self) -> bool:
        return {one["State"] for one in self.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]} <= {"completed"}

    def snapshot(self, volume: str, **own: str) -> str:
        """One taken by hand, with the tags given."""
        tagged: Any = {"ResourceType": "snapshot", "Tags": tags.listed(own)}
        made = self.ec2.create_snapshot(VolumeId=volume, TagSpecifications=[tagged])["SnapshotId"]
        until(self._completed)
        return made
