"""The bootstrap where there is no host: it keeps the permission to format as the real one does, and a diary."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import boto3
from pulumi.dynamic import CreateResult, ReadResult, UpdateResult

from infra.account.access import Access
from infra.bootstrap import resource
from infra.bootstrap.permission import VolumeTag

DIARY = "ZAGENT_TEST_DIARY"
"""The variable that names the file of the diary: one JSON object a line."""

BROKEN = "ZAGENT_TEST_BROKEN"
"""While this variable is set, no host answers."""

FILESYSTEM = "11111111-2222-3333-4444-555555555555"


class RecordedProvider(resource.HostBootstrapProvider):
    """``diff`` is the real one; what would go to the host is written down, with what the cloud says at that moment."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        """A host that formats a volume which may be formatted."""
        if os.environ.get(BROKEN):
            raise RuntimeError("the host does not answer")
        access = Access(props["region"], props["profile"])
        resource.start_if_stopped(props, access)
        permission = VolumeTag(props["volume_id"], props["project"], props["stack"], access)
        record = permission.read()
        note("create", props, record=asdict(record), against=record.against)
        if not record.against:
            permission.begin(FILESYSTEM)
            permission.finish(FILESYSTEM)
        return CreateResult(id_="recorded", outs=props)

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """A host that is looked at again, and started if somebody stopped it."""
        note("update", news)
        resource.start_if_stopped(news, Access(news["region"], news["profile"]))
        return UpdateResult(outs=news)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """A host that is as it was left."""
        return ReadResult(id_, props)

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """A host that lets the volume go."""
        note("delete", props)


def note(what: str, props: dict[str, Any], **more: Any) -> None:
    """Write a line into the diary: the call, and the states of instance and volume while it runs."""
    ec2 = boto3.client("ec2")
    instance = ec2.describe_instances(InstanceIds=[props["instance_id"]])["Reservations"][0]["Instances"][0]
    volumes = ec2.describe_volumes(Filters=[{"Name": "volume-id", "Values": [props["volume_id"]]}])["Volumes"]
    volume = volumes[0]["State"] if volumes else "gone"
    states = {"instance": instance["State"]["Name"], "volume": volume, "instance_id": props["instance_id"]}
    with Path(os.environ[DIARY]).open("a") as diary:
        diary.write(json.dumps({"call": what, **states, **more}) + "\n")


PROGRAM = """
import runpy

from infra.bootstrap import resource
from tests.engine.recorded import RecordedProvider

resource.HostBootstrapProvider = RecordedProvider  # there is no host here that the real one could reach
runpy.run_module("infra", run_name="__main__")
"""
"""The product's own program, but for the bootstrap."""
