"""What an account has without anyone having made it: AWS's managed policies, quotas, and the key for volumes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.localcloud.cloud import api
from tests.localcloud.cloud.disks import Disks
from tests.localcloud.cloud.machines import NoMachines
from tests.localcloud.cloud.region import REGION
from tests.localcloud.local import MOTO

if TYPE_CHECKING:
    from types_boto3_service_quotas import ServiceQuotasClient

KEYS = boto3.Session("x", "y", region_name=REGION)
MANAGED = ("AmazonSSMManagedInstanceCore", "service-role/AWSDataLifecycleManagerServiceRole")
TRUST = '{"Version": "2012-10-17", "Statement": []}'


@pytest.fixture
def quotas(endpoint: str) -> ServiceQuotasClient:
    """A client of Service Quotas."""
    return KEYS.client("service-quotas", endpoint_url=endpoint)


def test_a_role_gets_policies_of_awss_own(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that a host and the snapshot policy need; moto reads at the first call what the daemon sets."""
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", MOTO["MOTO_IAM_LOAD_MANAGED_POLICIES"])
    iam = KEYS.client("iam", endpoint_url=endpoint)
    iam.create_role(RoleName="mine", AssumeRolePolicyDocument=TRUST)
    arns = {f"arn:aws:iam::aws:policy/{one}" for one in MANAGED}
    for arn in arns:
        iam.attach_role_policy(RoleName="mine", PolicyArn=arn)
    attached = iam.list_attached_role_policies(RoleName="mine")["AttachedPolicies"]
    assert {one["PolicyArn"] for one in attached} == arns


def test_one_api_leaves_nothing_to_the_next(tmp_path: Path) -> None:
    """Of services that are not ours, too: the second begins empty."""
    found = []
    for _ in range(2):
        with api.served(NoMachines(), Disks(tmp_path)) as port:
            iam = KEYS.client("iam", endpoint_url=f"http://127.0.0.1:{port}")
            found += iam.list_roles()["Roles"]
            iam.create_role(RoleName="mine", AssumeRolePolicyDocument=TRUST)
    assert found == []


@pytest.mark.parametrize(("code", "enough"), [("L-DB2E81BA", True), ("L-417A185B", False)])
def test_the_quota_of_gpu_instances_is_told(quotas: ServiceQuotasClient, code: str, enough: bool) -> None:
    """In virtual processors: enough for G instances, none for P, which an account must ask for."""
    quota = quotas.get_service_quota(ServiceCode="ec2", QuotaCode=code)["Quota"]
    assert (quota["QuotaCode"], quota["Value"] >= 4) == (code, enough)
    assert quota["QuotaName"].startswith("Running On-Demand")


def test_an_unknown_quota_is_refused(quotas: ServiceQuotasClient) -> None:
    """Of EC2; moto's own quotas are still there."""
    with pytest.raises(ClientError, match="NoSuchResource"):
        quotas.get_service_quota(ServiceCode="ec2", QuotaCode="L-00000000")
    assert quotas.get_service_quota(ServiceCode="vpc", QuotaCode="L-F678F1CE")["Quota"]["Value"] > 0


def test_the_key_that_encrypts_volumes_is_there(endpoint: str) -> None:
    """By its alias, from the first question on."""
    kms = KEYS.client("kms", endpoint_url=endpoint)
    assert kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["Enabled"]
