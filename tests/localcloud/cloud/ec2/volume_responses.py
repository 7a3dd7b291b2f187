"""What moto's answers about volumes and snapshots lack."""

from __future__ import annotations

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses import EC2Response

from tests.localcloud.cloud.ec2.work import told


class VolumeResponse(EC2Response):
    """EC2's calls; what one of them changed of volumes and snapshots is on disk before it is answered."""

    def call_action(self) -> TYPE_RESPONSE:
        """Answer the call; with an error, if what it changed can't be kept."""
        answer = super().call_action()
        try:
            with told():
                self.ec2_backend.keep()
        except EC2ClientError as error:
            return self.serialized(ActionResult(error))
        return answer

    def detach_volume(self) -> ActionResult:
        """DetachVolume, of which moto does not read Force."""
        self.error_on_dryrun()
        held = self.ec2_backend.detach_volume(
            self._get_param("VolumeId"),
            self._get_param("InstanceId"),
            self._get_param("Device"),
            force=self._get_bool_param("Force", False),
        )
        shown = {"VolumeId": held.volume_id, "InstanceId": held.instance_id, "Device": held.device}
        return ActionResult({**shown, "State": "detaching", "AttachTime": held.attach_time})

    def describe_snapshots(self) -> ActionResult:
        """DescribeSnapshots, of which moto does not read OwnerIds, so that it shows those of images as one's own."""
        owners = {self.current_account if one == "self" else one for one in self._get_param("OwnerIds", [])}
        found = self.ec2_backend.describe_snapshots(
            self._get_param("SnapshotIds", []), self._filters_from_querystring()
        )
        return ActionResult({"Snapshots": [one for one in found if not owners or one.owner_id in owners]})
