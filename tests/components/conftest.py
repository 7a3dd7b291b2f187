"""A key to log in with, which the tests of a module share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import login_key


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A login key."""
    return login_key.written(tmp_path_factory.mktemp("key") / "key")
