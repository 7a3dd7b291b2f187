"""AWS's EC2 API as the bootstrap and the operations ask it; its errors become ours here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.errors import CloudRefused

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client


@contextmanager
def ec2(region: str) -> Iterator[EC2Client]:
    """A client; an empty ``region`` leaves it to the environment and ~/.aws.

    Raises:
        CloudRefused: no credentials or region, no connection, or the request was refused.
    """
    try:
        yield boto3.client("ec2", region_name=region or None)
    except (BotoCoreError, ClientError) as error:
        raise CloudRefused(why=error) from error
