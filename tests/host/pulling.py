"""A pull that is cut off in its midst, and what it brings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from infra.bootstrap.ssh.host import must
from infra.errors import HostUnreachable
from tests.host.meddling import Meddler
from tests.host.world import World
from tests.localcloud.parts import tiny_model

MODELS = "/data/modelscope_cache/models"
MANIFESTS = "/data/.zagent/manifests"
FREEZER = "/sys/fs/cgroup/system.slice/zagent-pull.service/cgroup.freeze"

STAND_STILL = """
import sys, time
from pathlib import Path

models, manifests, freezer = map(Path, sys.argv[1:])
deadline = time.monotonic() + 300
while not any(one.is_file() for one in models.rglob("*")):
    assert time.monotonic() < deadline, "no pull has begun"
    time.sleep(0.01)
freezer.write_text("1")
print(len([*manifests.iterdir()]))
"""
"""Have the pull stand still as soon as its first file is there; print how many manifests there are then."""


@contextmanager
def begun(world: World) -> Iterator[Meddler]:
    """A converge whose pull stands still with its first files; the block ends it, so that its host is unreachable."""
    world.root(f"rm -rf {MODELS} {MANIFESTS}/*")
    through = Meddler()
    with ThreadPoolExecutor() as pool, world.connected() as beside:
        converging = pool.submit(world.converge, through=through)
        told = must(beside, "stop the pull", "python3", "-I", "-c", STAND_STILL, MODELS, MANIFESTS, FREEZER)
        assert told == "0\n", "the pull was to be cut off"
        yield through
        with pytest.raises(HostUnreachable):
            converging.result()


def go_on(world: World) -> None:
    """Let the pull that stands still go on."""
    world.root(f"echo 0 >{FREEZER}")


def weights(world: World) -> Mapping[str, str]:
    """The digests of the model's files; manifests and records tell of the time."""
    return {path: digest for path, digest in world.kept().items() if "modelscope_cache/models" in path}


def hub_digests() -> set[str]:
    """Those of all files that the hub has."""
    return {hashlib.sha256(one.read_bytes()).hexdigest() for one in tiny_model().rglob("*") if one.is_file()}
