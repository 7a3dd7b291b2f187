"""A new host and a blank volume: power lost within mkfs, cut off at every step, and formatted once all the same."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from zagent.volume import users
from zagent.volume.users import Account

from infra import tags
from infra.bootstrap.plan.users import SERVICE_NUMBER
from infra.bootstrap.superblock import SECTOR, parse
from infra.errors import HostKeyDiffers, HostUnreachable
from tests.host.meddling import Cut, CutBeforeEachStep, SlowFormat
from tests.host.world import World
from tests.localcloud.waiting import until

pytestmark = [pytest.mark.series, pytest.mark.vm, pytest.mark.root, pytest.mark.cloud, pytest.mark.timeout(1800)]

OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ9xDWUW4DzzRg9rWCLYrtcAomXFQbVjCDwGzRz3IpPj"


def test_a_host_that_still_boots_is_waited_for(world: World) -> None:
    """Whoever comes too early is told so, and gets there."""
    assert world.root("whoami") == "root\n"
    assert world.said[0] == f"waiting for {world.address} to answer SSH"


def test_another_host_key_is_refused_at_once(world: World) -> None:
    """Nothing is sent to it."""
    with pytest.raises(HostKeyDiffers), replace(world, host_key=OTHER_KEY).connected():
        pass


def test_the_power_goes_within_mkfs(world: World) -> None:
    """What that leaves is told from a stranger's data by the uuid that was noted before; it is made again with it."""
    with ThreadPoolExecutor() as pool:
        begun = pool.submit(world.converge, through=SlowFormat())
        until(lambda: half_made(world) or begun.done())
        world.power_cut()
        with pytest.raises(HostUnreachable):
            begun.result()
    assert half_made(world), "mkfs was to be cut off"
    phase, _, uuid = noted(world).partition(":")
    assert phase == "formatting"
    assert any(f"as XFS {uuid}" in step for step in world.missing())


def test_a_converge_that_is_cut_off_before_every_step_goes_on(world: World) -> None:
    """From where it was; the volume is formatted with the uuid that was noted first, and then nothing is left to do."""
    uuid = noted(world).partition(":")[2]
    cut = CutBeforeEachStep()
    while True:
        try:
            world.converge(through=cut)
            break
        except Cut:
            assert len(cut.steps) < 40, cut.steps
    assert sum("format the blank disk" in step for step in cut.steps) == 1
    assert noted(world) == f"done:{uuid}"
    assert world.root("findmnt -no UUID /data").strip() == uuid
    assert world.converge() == 0


def test_what_a_host_is_then(host: World) -> None:
    """Caches are pinned for every kind of login; numbers are kept on the volume; the weights are there."""
    told = host.ssh("env; bash -lc 'echo login $HF_HOME'")
    assert "MODELSCOPE_CACHE=/data/modelscope_cache\n" in told
    assert "HF_HOME=/data/modelscope_cache\n" in told
    assert "login /data/users/ubuntu/cache/huggingface\n" in told
    kept = users.parse(host.root("cat /data/.zagent/users.json"))
    assert kept == {"ubuntu": Account(1000, 1000), "zagent": Account(SERVICE_NUMBER, SERVICE_NUMBER)}
    assert "nosuid,nodev,noatime" in host.root("findmnt -no OPTIONS /data")
    assert json.loads(host.ssh("zagent verify --quick --json").splitlines()[-1])["whole"]


def noted(world: World) -> str:
    """The note on the volume about its format."""
    volume = world.access.ec2.describe_volumes(VolumeIds=[world.volume])["Volumes"][0]
    return tags.values(volume["Tags"]).get(tags.FORMAT, "")


def half_made(world: World) -> bool:
    """Whether the disk shows a mkfs that has begun and not ended."""
    with world.disk(world.volume).open("rb") as disk:
        found = parse(disk.read(SECTOR))
    return bool(found and found.in_progress)
