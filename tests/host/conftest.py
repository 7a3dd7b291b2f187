"""One machine for all tests of this folder, which run in order: each finds it as wanted, and leaves it so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra import tags
from infra.account.access import Access
from infra.bootstrap import runtime
from infra.bootstrap.facts.model import Python
from infra.bootstrap.packing import UNCOMPILED
from tests.host.world import OWN, World, launched, new_volume
from tests.localcloud.conftest import obtainable, shared_cache
from tests.localcloud.hosts.conftest import Keys, made_image, public
from tests.localcloud.hosts.image import Image
from tests.localcloud.local import LocalCloud

__all__ = ["made_image", "obtainable", "shared_cache"]

ALL = runtime.pinned


@pytest.fixture(scope="package")
def world(obtainable: None, made_image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A machine that boots for the first time, with a blank volume in it."""
    keys = Keys.made(tmp_path_factory.mktemp("keys"))
    with pytest.MonkeyPatch.context() as patch, LocalCloud(tmp_path_factory.mktemp("cloud") / "state") as cloud:
        for name, value in cloud.environment().items():
            if name.startswith("AWS_"):
                patch.setenv(name, value)
        access = Access()
        volume = new_volume(access)
        instance = launched(access, public(keys.login), keys.user_data)
        made = World(cloud, keys.login, public(keys.host), instance, volume)
        own = {**OWN, tags.HOST_KEY: made.host_key}
        access.ec2.create_tags(Resources=[instance], Tags=tags.listed(own))
        made.attach(volume)
        yield made


@pytest.fixture
def host(world: World) -> World:
    """The machine, as wanted: as the test before has left it, unless that one failed."""
    if not world.settled:
        world.converge()
    world.settled = False
    return world


@pytest.fixture(autouse=True, scope="package")
def fewer_packages() -> Iterator[None]:
    """All but the largest of the packages on the volume: 2,900 files that the agent does not import."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runtime, "pinned", _without_largest)
        yield


def _without_largest(lock: str, python: Python) -> Iterator[runtime.Pinned]:
    return (one for one in ALL(lock, python) if one.name != UNCOMPILED)
