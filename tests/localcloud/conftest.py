"""What the tests of the local cloud share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.localcloud import cache
from tests.localcloud.local import LocalCloud
from tests.localcloud.parts import missing
from tests.localcloud.project import Project


@pytest.fixture(autouse=True)
def shared_cache(clean_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs that a test starts find the same cache, although its home is its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.HOME.parent))


@pytest.fixture(scope="session")
def obtainable() -> None:
    """Skip where the engine or the AWS provider can't be had."""
    if lacking := missing(hosts=False):
        pytest.skip("; ".join(map(str, lacking)))


@pytest.fixture(scope="session")
def local_cloud(obtainable: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A cloud without machines that all tests share."""
    with LocalCloud(tmp_path_factory.mktemp("cloud") / "state", hosts=False) as cloud:
        yield cloud


@pytest.fixture
def project(local_cloud: LocalCloud, tmp_path: Path) -> Project:
    """A Pulumi project with an empty stack, whose state is the test's own."""
    (tmp_path / "stacks").mkdir()
    own = {"PULUMI_BACKEND_URL": f"file://{tmp_path}/stacks"}
    return Project(tmp_path / "project", {**local_cloud.environment(), **own})
