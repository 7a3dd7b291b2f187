"""The life of a stack that is not ours, on hosts that boot: what a user of Pulumi would do with the local cloud."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.localcloud.parts import missing
from tests.localcloud.sample.stack import Stack, running

pytestmark = [pytest.mark.cloud, pytest.mark.vm, pytest.mark.timeout(2400)]


@pytest.fixture
def stack(obtainable: None, tmp_path: Path) -> Iterator[Stack]:
    """A new stack on a cloud of its own."""
    if lacking := missing(hosts=True):
        pytest.skip("; ".join(map(str, lacking)))
    with running(tmp_path) as stack:
        yield stack


def test_the_life_of_a_stack(stack: Stack) -> None:
    """Made, changed in place, replaced, destroyed and made again around a volume that stays."""
    made(stack)
    changed_in_place(stack)
    stack.ssh(f"sudo mkfs.xfs -q {disk(stack)} && sudo mount {disk(stack)} /mnt && echo kept | sudo tee /mnt/file")
    stack.ssh("sudo umount /mnt")
    replaced(stack)
    volume = destroyed(stack)
    made_again_around(volume, stack)
    assert stack.ssh(f"sudo mount {disk(stack)} /mnt && cat /mnt/file") == "kept"


def disk(stack: Stack) -> str:
    """The device of the data volume on the host."""
    serial = stack.project.outputs()["volume"].replace("-", "")
    return f"$(lsblk --nodeps --noheadings --output PATH,SERIAL | grep {serial} | cut -d' ' -f1)"


def made(stack: Stack) -> None:
    """Everything in one `up`, after which nothing is left to do, for the program or for a refresh."""
    assert set(stack.plan().values()) == {"create"}
    stack.project.up()
    stack.project.run("preview", "--expect-no-changes")
    stack.project.run("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    assert ":user/" in stack.project.outputs()["caller"] or ":root" in stack.project.outputs()["caller"]


def changed_in_place(stack: Stack) -> None:
    """Another instance type stops and starts the same instance."""
    before = stack.host()
    stack.configure(type="g6e.2xlarge")
    assert stack.plan() == {"host": "update"}
    stack.project.up()
    assert stack.host() == before


def replaced(stack: Stack) -> None:
    """Another image needs another instance, as the provider says; the volume goes over to it."""
    before = stack.host()
    stack.configure(ami=another_image(stack))
    plan = stack.plan()
    assert plan.pop("host") == "replace"
    assert plan == {"attached": "replace"}
    stack.project.up()
    assert stack.host() != before


def another_image(stack: Stack) -> str:
    """An image of the cloud that the host does not run."""
    running = stack.ec2().describe_instances(InstanceIds=[stack.host()])["Reservations"][0]["Instances"][0]["ImageId"]
    return next(one["ImageId"] for one in stack.ec2().describe_images()["Images"] if one["ImageId"] != running)


def destroyed(stack: Stack) -> str:
    """All is gone but the volume, whose id is returned."""
    volume = str(stack.project.outputs()["volume"])
    stack.project.run("destroy", "--yes", "--skip-preview")
    left = stack.ec2().describe_volumes()["Volumes"]
    assert [(one["VolumeId"], one["State"]) for one in left] == [(volume, "available")]
    assert [one["state"] for one in stack.cloud.status()["hosts"]] == []
    return volume


def made_again_around(volume: str, stack: Stack) -> None:
    """The volume is imported, and everything else is new."""
    stack.configure(volume=volume)
    stack.project.up()
    stack.project.run("preview", "--expect-no-changes")
    assert stack.project.outputs()["volume"] == volume
