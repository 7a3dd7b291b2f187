"""A full system disk, a disk that fails, a clock that is years off: told in words, and nothing is half done."""

from __future__ import annotations

import json
import time

import pytest

from infra.errors import CommandFailed, HostError
from tests.host.world import World
from tests.localcloud.waiting import until

pytestmark = [pytest.mark.vm, pytest.mark.root, pytest.mark.cloud, pytest.mark.timeout(1800)]

ENVIRONMENT = "/etc/zagent/agent.env"

FILL = """
fallocate -l $(( ($(stat -f -c %f /) - 2048) * $(stat -f -c %S /) )) /filler
cat /dev/zero >/filler2 2>/dev/null || true
"""
"""All blocks, also those that are kept for root."""


def test_a_full_system_disk(host: World) -> None:
    """What must be written is not half written; once there is room, it is."""
    before = host.root(f"cat {ENVIRONMENT}")
    host.root(f"echo changed >>{ENVIRONMENT}; {FILL}")
    try:
        refusal = host.refused()
    finally:
        host.root("rm /filler /filler2")
    assert isinstance(refusal, CommandFailed)
    assert "there is no room for it" in refusal.message
    assert host.root(f"cat {ENVIRONMENT}") == before + "changed\n"
    assert host.converge() == 1
    assert host.root(f"cat {ENVIRONMENT}") == before
    host.settled = True


def test_a_data_disk_that_takes_no_writes(host: World) -> None:
    """The agent refuses and says so; after the disk was taken out and put back all is as it was."""
    kept = host.kept()
    host.cloud.order("read-only", volume=host.volume)
    host.root("touch /data/.zagent/trial 2>/dev/null; sync 2>/dev/null || true")
    refusal = host.refused()
    assert isinstance(refusal, HostError)
    told = host.ssh("zagent doctor || true")
    assert "Traceback" not in told
    host.release()
    host.detach(host.volume)
    host.attach(host.volume)
    until(host.mounted, 120)
    assert host.kept() == kept
    host.settle()


def test_a_clock_that_is_three_years_off(host: World) -> None:
    """Back or ahead: nothing that is decided hangs on it."""
    years = 3 * 365 * 86400
    try:
        for off in (-years, years):
            host.root(f"date --set @{time.time() + off:.0f}")
            assert host.converge() == 0
            assert json.loads(host.ssh("zagent verify --json").splitlines()[-1])["whole"]
    finally:
        host.root(f"date --set @{time.time():.0f}")
    host.settled = True
