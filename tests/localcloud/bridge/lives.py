"""A resource of each type that the bridge serves, for the tests: all made at once, as the engine would."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from tests.localcloud.bridge.engine import Engine, Made, Values
from tests.localcloud.cloud.ec2.image import AMI_ID
from tests.localcloud.cloud.region import REGION

ZONE: Final = f"{REGION}a"
KEY: Final = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"


def document(**statement: Any) -> str:
    """An IAM policy document of one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


TRUST: Final = document(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")
POLICY: Final = document(Action="ec2:DescribeVolumes", Resource="*")
SCHEDULE: Final = {"name": "daily", "createRule": {"interval": 24, "times": "03:00"}, "retainRule": {"count": 7}}
DETAILS: Final = {"resourceTypes": ["VOLUME"], "targetTags": {"a": "b"}, "schedules": [SCHEDULE]}

Find = Callable[[str], Made]
Inputs = Callable[[Find], Values]

LIVES: Final[Mapping[str, tuple[str, Inputs]]] = {
    "volume": (
        "aws:ebs/volume:Volume",
        lambda the: {"availabilityZone": ZONE, "size": 1, "type": "gp3", "tags": {"of": "the tests"}},
    ),
    "snapshot": (
        "aws:ebs/snapshot:Snapshot",
        lambda the: {"volumeId": the("volume").id, "description": "all of it", "tags": {"of": "the tests"}},
    ),
    "vpc": ("aws:ec2/vpc:Vpc", lambda the: {"cidrBlock": "10.1.0.0/16", "tags": {"Name": "lives"}}),
    "subnet": (
        "aws:ec2/subnet:Subnet",
        lambda the: {"vpcId": the("vpc").id, "cidrBlock": "10.1.1.0/24", "availabilityZone": ZONE},
    ),
    "gateway": ("aws:ec2/internetGateway:InternetGateway", lambda the: {"vpcId": the("vpc").id}),
    "table": ("aws:ec2/routeTable:RouteTable", lambda the: {"vpcId": the("vpc").id}),
    "route": (
        "aws:ec2/route:Route",
        lambda the: {
            "routeTableId": the("table").id,
            "destinationCidrBlock": "0.0.0.0/0",
            "gatewayId": the("gateway").id,
        },
    ),
    "association": (
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        lambda the: {"routeTableId": the("table").id, "subnetId": the("subnet").id},
    ),
    "tag": (
        "aws:ec2/tag:Tag",
        lambda the: {"resourceId": the("vpc").outputs["mainRouteTableId"], "key": "of", "value": "another"},
    ),
    "group": ("aws:ec2/securityGroup:SecurityGroup", lambda the: {"name": "lives", "vpcId": the("vpc").id}),
    "ingress": (
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        lambda the: {
            "securityGroupId": the("group").id,
            "ipProtocol": "tcp",
            "fromPort": 22,
            "toPort": 22,
            "cidrIpv4": "10.0.0.0/8",
        },
    ),
    "egress": (
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        lambda the: {"securityGroupId": the("group").id, "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"},
    ),
    "key": ("aws:ec2/keyPair:KeyPair", lambda the: {"keyName": "lives", "publicKey": KEY}),
    "instance": (
        "aws:ec2/instance:Instance",
        lambda the: {
            "ami": AMI_ID,
            "instanceType": "g6e.xlarge",
            "subnetId": the("subnet").id,
            "vpcSecurityGroupIds": [the("group").id],
            "keyName": the("key").id,
            "userData": "#cloud-config\n",
            "metadataOptions": {"httpTokens": "required"},
            "rootBlockDevice": {"volumeSize": 20, "volumeType": "gp3"},
        },
    ),
    "address": ("aws:ec2/eip:Eip", lambda the: {"domain": "vpc", "tags": {"of": "the tests"}}),
    "role": ("aws:iam/role:Role", lambda the: {"name": "lives", "assumeRolePolicy": TRUST}),
    "policy": (
        "aws:iam/rolePolicy:RolePolicy",
        lambda the: {"name": "lives", "role": the("role").id, "policy": POLICY},
    ),
    "profile": ("aws:iam/instanceProfile:InstanceProfile", lambda the: {"name": "lives", "role": the("role").id}),
    "parameter": ("aws:ssm/parameter:Parameter", lambda the: {"name": "/lives", "type": "String", "value": "open"}),
    "secret": ("aws:ssm/parameter:Parameter", lambda the: {"name": "/hush", "type": "SecureString", "value": "hush"}),
    "lifecycle": (
        "aws:dlm/lifecyclePolicy:LifecyclePolicy",
        lambda the: {
            "description": "daily snapshots",
            "executionRoleArn": the("role").outputs["arn"],
            "policyDetails": DETAILS,
        },
    ),
}
"""Type and inputs of each; ``the("vpc")`` is the resource of that name."""


class Lives:
    """Resources that are made, and later deleted, all at once: each waits for those that it hangs on."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pool = ThreadPoolExecutor(len(LIVES))
        self._users: dict[str, set[str]] = defaultdict(set)
        self._made: dict[str, Future[Made]] = {name: Future() for name in LIVES}
        self._gone: dict[str, Future[None]] = {name: Future() for name in LIVES}
        for name in LIVES:
            self._pool.submit(_settle, self._made[name], partial(self._make, name))

    def __getitem__(self, name: str) -> Made:
        """The one of this name, as soon as it is there."""
        return self._made[name].result()

    def delete(self) -> None:
        """Delete all; returns when they are gone, or raises what kept one of them."""
        made = [name for name, one in self._made.items() if not one.exception()]
        for name in made:
            self._pool.submit(_settle, self._gone[name], partial(self._delete, name))
        wait_for(self._gone[name] for name in made)
        self._pool.shutdown()

    def _make(self, name: str) -> Made:
        kind, inputs = LIVES[name]
        return self._engine.create(kind, inputs(partial(self._use, name)))

    def _use(self, user: str, name: str) -> Made:
        self._users[name].add(user)
        return self[name]

    def _delete(self, name: str) -> None:
        wait_for(self._gone[user] for user in self._users[name] if not self._made[user].exception())
        self._engine.delete(self[name])
        assert not self._engine.refresh(self[name]).id, "it is gone"


def wait_for(futures: Iterable[Future[Any]]) -> None:
    """Return when all have ended; raises what went wrong with the first that failed."""
    for one in futures:
        one.result()


def _settle(future: Future[Any], operation: Callable[[], Any]) -> None:
    try:
        future.set_result(operation())
    except BaseException as error:
        future.set_exception(error)
