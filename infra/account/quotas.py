"""How many vCPUs of a family of instance types the account may run on demand (Service Quotas)."""

from __future__ import annotations

import re

from botocore.exceptions import BotoCoreError, ClientError

from infra.account.access import Access

STANDARD = "L-1216C47A"
FAMILIES = {"g": "L-DB2E81BA", "gr": "L-DB2E81BA", "vt": "L-DB2E81BA", "p": "L-417A185B"}
"""Quota codes of "Running On-Demand … instances" in vCPUs, by the first letters of a type; all others are standard."""


def code_of(instance_type: str) -> str:
    """The quota that limits a type. Pure."""
    return next((quota for family, quota in FAMILIES.items() if re.match(rf"{family}\d", instance_type)), STANDARD)


def vcpus(access: Access, quota: str) -> int | None:
    """The limit; None where it can't be read: not everyone may ask, and it is no reason to refuse."""
    try:
        return int(access.quotas.get_service_quota(ServiceCode="ec2", QuotaCode=quota)["Quota"]["Value"])
    except (ClientError, BotoCoreError, KeyError):
        return None
