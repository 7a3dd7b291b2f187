"""AWS's API, and how fast it is here."""

from __future__ import annotations

import pytest

from tests.localcloud.cloud.ec2.volumes import VolumeBackend
from tests.operations.conftest import cloud

__all__ = ["cloud"]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What AWS does in the background is done at once: what is looked for here is how it ends."""
    monkeypatch.setattr(VolumeBackend, "take_a_while", lambda _: None)
