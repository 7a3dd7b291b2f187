"""Regions that lack what others have."""

from __future__ import annotations

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ssm.models import ssm_backends

from infra.account.images import PARAMETER

EMPTY = "eu-north-1"
"""A region in which nothing is, and from which a test may take more."""


def without_image(region: str) -> None:
    """AWS's parameter for the current image is no more in this region."""
    del ssm_backends[DEFAULT_ACCOUNT_ID][region]._parameters[PARAMETER]
