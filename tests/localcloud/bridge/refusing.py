"""AWS refuses what is asked of it, for the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from moto.ec2.exceptions import EC2ClientError

from tests.localcloud.cloud.ec2.models import LocalEC2Backend


@contextmanager
def refused(operation: str, code: str = "InvalidParameterValue") -> Iterator[None]:
    """One of EC2's operations fails with an error of this code; most codes the provider takes for final."""

    def refuse(*_: Any, **__: Any) -> None:
        raise EC2ClientError(code, "on purpose")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalEC2Backend, operation, refuse)
        yield
