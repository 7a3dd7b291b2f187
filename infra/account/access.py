"""How AWS is asked: in which region, as whom; its errors become ours here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.errors import CloudRefused

if TYPE_CHECKING:
    from types_boto3_dlm import DLMClient
    from types_boto3_ec2 import EC2Client
    from types_boto3_service_quotas import ServiceQuotasClient
    from types_boto3_ssm import SSMClient
    from types_boto3_sts import STSClient

PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 8}, connect_timeout=10, read_timeout=30)
"""A throttled request is tried again for about a minute; an address that does not answer is given up."""


@dataclass(frozen=True)
class Access:
    """A region and a profile of ~/.aws; empty ones leave it to the environment. Clients are made when asked for."""

    region: str = ""
    profile: str = ""

    @cached_property
    def session(self) -> boto3.Session:
        """Credentials and region, resolved as every tool of AWS does."""
        with answered():
            return boto3.Session(region_name=self.region or None, profile_name=self.profile or None)

    @property
    def region_name(self) -> str:
        """The region that is asked, wherever it is set; empty where it is nowhere."""
        return self.region or self.session.region_name or ""

    @cached_property
    def ec2(self) -> EC2Client:
        """Instances, volumes, snapshots."""
        with answered():
            return self.session.client("ec2", config=PATIENT)

    @cached_property
    def dlm(self) -> DLMClient:
        """Snapshot policies."""
        with answered():
            return self.session.client("dlm", config=PATIENT)

    @cached_property
    def quotas(self) -> ServiceQuotasClient:
        """What the account may have at all."""
        with answered():
            return self.session.client("service-quotas", config=PATIENT)

    @cached_property
    def ssm(self) -> SSMClient:
        """AWS's public parameters."""
        with answered():
            return self.session.client("ssm", config=PATIENT)

    @cached_property
    def sts(self) -> STSClient:
        """Who asks."""
        with answered():
            return self.session.client("sts", config=PATIENT)


@contextmanager
def answered(*absent: str) -> Iterator[None]:
    """Around what AWS is asked; an error whose code is among ``absent`` is an answer, too: the block ends there.

    Raises:
        CloudRefused: no credentials or region, no connection, or the request was refused.
    """
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in absent:
            raise CloudRefused(why=error) from error
    except BotoCoreError as error:
        raise CloudRefused(why=error) from error
