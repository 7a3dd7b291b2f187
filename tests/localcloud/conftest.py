"""What the tests of the local cloud share."""

from __future__ import annotations

import pytest

from tests.localcloud import cache


@pytest.fixture(autouse=True)
def shared_cache(clean_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs that a test starts find the same cache, although its home is its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.HOME.parent))
