"""The account's quotas of EC2, which moto's Service Quotas lacks."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from moto.servicequotas import urls
from moto.servicequotas.models import ServiceQuotasBackend

EC2 = {
    "L-DB2E81BA": ("Running On-Demand G and VT instances", 64.0),
    "L-417A185B": ("Running On-Demand P instances", 0.0),
}
"""Name and virtual processors, by AWS's code of the quota. This account has still to ask for P instances."""


class LocalQuotas(ServiceQuotasBackend):
    """One region of one account."""

    @property
    def _url_module(self) -> ModuleType:
        return urls

    def get_service_quota(self, service_code: str, quota_code: str) -> dict[str, Any]:
        """A quota of EC2's or of those that moto has."""
        if service_code != "ec2" or quota_code not in EC2:
            return super().get_service_quota(service_code, quota_code)
        name, value = EC2[quota_code]
        where = f"{self.region_name}:{self.account_id}"
        return {
            "ServiceCode": "ec2",
            "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
            "QuotaArn": f"arn:{self.partition}:servicequotas:{where}:ec2/{quota_code}",
            "QuotaCode": quota_code,
            "QuotaName": name,
            "Value": value,
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }
