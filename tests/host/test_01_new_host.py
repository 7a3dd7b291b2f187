"""A new host and a blank volume: cut off at every step, power lost twice, and formatted once all the same."""

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
from tests.host.meddling import CutWithinEach, SlowFormat
from tests.host.pulling import begun, hub_digests, weights
from tests.host.world import World, content
from tests.localcloud.waiting import until

pytestmark = [pytest.mark.vm, pytest.mark.root, pytest.mark.cloud, pytest.mark.timeout(1800)]

OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ9xDWUW4DzzRg9rWCLYrtcAomXFQbVjCDwGzRz3IpPj"


def test_a_host_that_still_boots_is_waited_for(world: World) -> None:
    """Whoever comes too early is told so, and gets there."""
    assert world.root("whoami") == "root\n"
    assert world.said[0].startswith(f"waiting for {world.address} to answer SSH")


def test_another_host_key_is_refused_at_once(world: World) -> None:
    """Nothing is sent to it."""
    with pytest.raises(HostKeyDiffers), replace(world, host_key=OTHER_KEY).connected():
        pass


def test_the_power_goes_within_mkfs(world: World) -> None:
    """What that leaves is told from a stranger's data by the uuid that was noted before; it is made again with it."""
    with ThreadPoolExecutor() as pool:
        converging = pool.submit(world.converge, through=SlowFormat())
        until(lambda: half_made(world) or converging.done(), 300)
        world.power_cut()
        with pytest.raises(HostUnreachable):
            converging.result()
    world.booted()
    assert half_made(world), "mkfs was to be cut off"
    phase, _, uuid = noted(world).partition(":")
    assert phase == "formatting"
    assert any(f"as XFS {uuid}" in step for step in world.missing())


def test_a_converge_that_is_cut_off_at_every_step_goes_on(world: World) -> None:
    """From where it was; the volume is formatted with the uuid that was noted first."""
    uuid = noted(world).partition(":")[2]
    world.said.clear()
    cut = CutWithinEach(world.said)
    with world.connected() as cut.host:
        cut.again(lambda: world.converge_on(cut, pull=False))
    assert len(cut.cut) >= 20
    assert sum(words[0] == "mkfs.xfs" for words in cut.ran) == 1
    assert noted(world) == f"done:{uuid}"
    assert world.root("findmnt -no UUID /data").strip() == uuid


def test_the_power_goes_within_the_first_pull(world: World) -> None:
    """The boot mounts the volume by itself, a converge waits for it and pulls on, and every byte is the hub's."""
    with begun(world):
        world.power_cut()
    assert world.converge() == 1, "the pull"
    assert world.said[0].startswith(f"waiting for {world.address} to answer SSH")
    assert set(weights(world).values()) <= hub_digests()
    assert json.loads(world.ssh("zagent verify --json").splitlines()[-1])["whole"]
    world.settle()  # once over all that is there: 0 steps, the second time


def test_what_a_host_is_then(host: World) -> None:
    """Caches are pinned for every kind of login; numbers are kept on the volume; the other disk is as it came."""
    told = host.ssh("env; bash -lc 'echo login $HF_HOME'")
    assert "MODELSCOPE_CACHE=/data/modelscope_cache\n" in told
    assert "HF_HOME=/data/modelscope_cache\n" in told
    assert "login /data/users/ubuntu/cache/huggingface\n" in told
    kept = users.parse(host.root("cat /data/.zagent/users.json"))
    assert kept == {"ubuntu": Account(1000, 1000), "zagent": Account(SERVICE_NUMBER, SERVICE_NUMBER)}
    assert "nosuid,nodev,noatime" in host.root("findmnt -no OPTIONS /data")
    assert content(host.instance_store) == BLANK
    host.settled = True


BLANK = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""What ``content`` tells of a disk of zeros: the SHA-256 of nothing."""


def noted(world: World) -> str:
    """The note on the volume about its format."""
    volume = world.access.ec2.describe_volumes(VolumeIds=[world.volume])["Volumes"][0]
    return tags.values(volume["Tags"]).get(tags.FORMAT, "")


def half_made(world: World) -> bool:
    """Whether the disk shows a mkfs that has begun and not ended."""
    with world.disk(world.volume).open("rb") as disk:
        found = parse(disk.read(SECTOR))
    return bool(found and found.in_progress)
