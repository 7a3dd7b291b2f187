"""Values on their way from the provider to Pulumi."""

from __future__ import annotations

import pytest

from tests.localcloud.bridge.schema import Scalar
from tests.localcloud.bridge.values import to_pulumi


@pytest.mark.parametrize(("written", "meant"), [(3, 3.0), (0.5, 0.5), ("3.4", 3.4)])
def test_a_number_is_a_number_however_it_is_written(written: object, meant: float) -> None:
    """The provider writes as text what no binary fraction hits."""
    assert to_pulumi(Scalar("number"), written) == meant
