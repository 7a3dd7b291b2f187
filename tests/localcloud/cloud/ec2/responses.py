"""The calls of EC2's API that moto lacks; botocore's service model gives the answers their wire shape."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult

from tests.localcloud.cloud.ec2.failing_responses import FailingResponse
from tests.localcloud.cloud.ec2.image import ROOT_DEVICE, ROOT_DISK
from tests.localcloud.cloud.ec2.volume_responses import VolumeResponse


class LocalEC2Response(FailingResponse, VolumeResponse):
    """Moto's calls, found by their action's name, and these."""

    def _parse_block_device_mapping(self) -> list[dict[str, Any]]:
        """The root volume of a launch is the image's where the launch does not say otherwise."""
        given = self.params.setdefault("BlockDeviceMappings", [])
        root = next((one for one in given if one["DeviceName"] == ROOT_DEVICE), None)
        if root is None:
            given.append(root := {"DeviceName": ROOT_DEVICE})
        root["Ebs"] = ROOT_DISK | root.get("Ebs", {})
        return super()._parse_block_device_mapping()

    def create_replace_root_volume_task(self) -> ActionResult:
        """CreateReplaceRootVolumeTask."""
        self.error_on_dryrun()
        tags = self._parse_tag_specification().get("replace-root-volume-task", {})
        task = self.ec2_backend.create_replace_root_volume_task(
            self._get_param("InstanceId"),
            image_id=self._get_param("ImageId"),
            snapshot_id=self._get_param("SnapshotId"),
            delete_replaced=self._get_bool_param("DeleteReplacedRootVolume", False),
            tags=tags,
        )
        return ActionResult({"ReplaceRootVolumeTask": task})

    def describe_replace_root_volume_tasks(self) -> ActionResult:
        """DescribeReplaceRootVolumeTasks."""
        self.error_on_dryrun()
        ids = self._get_param("ReplaceRootVolumeTaskIds", [])
        tasks = self.ec2_backend.describe_replace_root_volume_tasks(ids, self._filters_from_querystring())
        return ActionResult({"ReplaceRootVolumeTasks": tasks})
