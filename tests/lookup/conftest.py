"""AWS's API, and how fast it is here."""

from __future__ import annotations

from collections.abc import Iterator

import botocore.session
import pytest
from botocore.loaders import Loader, create_loader

from tests.localcloud.cloud.ec2.volumes import VolumeBackend
from tests.operations.conftest import cloud

__all__ = ["cloud"]


@pytest.fixture(scope="session", autouse=True)
def _models_are_read_once() -> Iterator[None]:
    """Every stack asks with clients of its own; to read what EC2 is from its file for each takes longer than asking."""
    loaders: dict[str | None, Loader] = {}

    def shared(data_path: str | None = None) -> Loader:
        return loaders.setdefault(data_path, create_loader(data_path))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(botocore.session, "create_loader", shared)
        yield


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What AWS does in the background is done at once: what is looked for here is how it ends."""
    monkeypatch.setattr(VolumeBackend, "take_a_while", lambda _: None)
