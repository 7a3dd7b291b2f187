"""The night's services on a host whose stack names a second disk for backups: real systemd, root in their sandbox."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from zagent.errors import DestinationMissing
from zagent.schedule.units import ON_FAILURE

from infra.bootstrap.want import serial_of
from tests.host.pulling import weights
from tests.host.world import World
from tests.localcloud.waiting import until

pytestmark = [pytest.mark.vm, pytest.mark.root, pytest.mark.cloud, pytest.mark.timeout(1800)]

COPY = "/mnt/copy"
HEARD = "/run/heard"


@pytest.fixture
def second_disk(host: World) -> Iterator[str]:
    """A disk for copies, mounted by its person; its volume's id."""
    volume = host.other_volume(formatted)
    host.attach(volume, "/dev/sdg")
    by_serial = f"$(lsblk -dnro PATH,SERIAL | awk '$2 == \"{serial_of(volume)}\" {{ print $1 }}')"
    host.root(f"udevadm settle; mkdir -p {COPY} && mount {by_serial} {COPY}")
    yield volume
    host.root(f"rm -f {ON_FAILURE}; ! mountpoint -q {COPY} || umount {COPY}")
    host.delete(volume)


def formatted(disk: Path) -> None:
    """As a person would have it."""
    subprocess.run(["mkfs.ext4", "-q", "-F", disk], check=True)


def told(host: World, expect: int = 0) -> dict[str, Any]:
    """What `zagent status` tells of the one destination; it ends with this exit code."""
    (found,) = json.loads(host.ssh("zagent status --json", expect=expect).splitlines()[-1])["backup"]
    return dict(found)


def test_a_night_with_the_second_disk_and_one_without(host: World, second_disk: str) -> None:
    """The services copy and read back; on the night on which the disk is missing the person's program is run."""
    host.backup_target = f"{COPY}/zagent"
    assert host.converge() > 0
    host.root("systemctl start zagent-backup.service zagent-backup-check.service")
    found = told(host)
    assert (found["is_what_is_here"], found["failure"], found["bad"]) == (True, "", {})
    digests = host.root(f"cd {COPY}/zagent/models && find . -type f -exec sha256sum {{}} +")
    assert {line.split()[0] for line in digests.splitlines()} == {*weights(host).values()}
    host.root(f"printf '#!/bin/sh\\necho $1 >{HEARD}\\n' >{ON_FAILURE}; chmod 755 {ON_FAILURE}; umount {COPY}")
    host.root("! systemctl start zagent-backup.service")
    assert "there is no such folder" in told(host, DestinationMissing.exit_code)["failure"]
    until(lambda: host.root(f"cat {HEARD} || true") == "zagent-backup.service\n", 60)
