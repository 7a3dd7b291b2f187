"""Power or line lost while the agent works: what has a final name is whole, and the next run goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.errors import HostUnreachable
from tests.host.meddling import Meddler
from tests.host.world import World
from tests.localcloud.waiting import until

pytestmark = [pytest.mark.series, pytest.mark.vm, pytest.mark.root, pytest.mark.cloud, pytest.mark.timeout(1800)]

MODELS = "/data/modelscope_cache/models"
MANIFESTS = "/data/.zagent/manifests"
SLOW = "/run/systemd/system/zagent-pull.service.d"
LOG = "/dev/shm/generate.log"


def test_the_power_goes_within_a_pull(host: World) -> None:
    """After the boot the volume mounts by itself, the pull goes on, and every byte is proved."""
    kept = pulled_until(host, lambda _: host.power_cut())
    assert host.converge() <= 1, "at most the pull"
    assert weights(host.kept()) == weights(kept)


def test_a_pull_goes_on_without_its_operator(host: World) -> None:
    """The line breaks; it ends by itself all the same, and the next converge has nothing to do."""
    kept = pulled_until(host, lambda through: through.host.close())  # type: ignore[attr-defined]
    assert host.converge() <= 1, "at most it is followed to its end"
    host.root(f"rm -r {SLOW}; systemctl daemon-reload")
    assert weights(host.kept()) == weights(kept)


def pulled_until(host: World, cut: Callable[[Meddler], None]) -> Mapping[str, str]:
    """Pull anew, slowly, and cut that off when the first files are there; what there was before."""
    kept = host.kept()
    host.root(f"rm -r {MODELS} {MANIFESTS}/*; mkdir -p {SLOW}; printf '[Service]\\nCPUQuota=40%%\\n' >{SLOW}/slow.conf")
    through = Meddler()
    with ThreadPoolExecutor() as pool:
        begun = pool.submit(host.converge, through=through)
        host.root(f"timeout 300 sh -c 'until find {MODELS} -type f 2>/dev/null | grep -q .; do sleep 0.02; done'")
        cut(through)
        with pytest.raises(HostUnreachable):
            begun.result()
    return kept


def test_the_power_goes_within_generate(host: World) -> None:
    """No half of a picture, and nothing else touched."""
    kept = host.kept()
    words = "zagent generate 'a red fox' --size 128 --seed 7 --json"
    host.ssh(f"setsid {words} >{LOG} 2>&1 </dev/null & sleep 1")
    until(lambda: '"step"' in host.ssh(f"cat {LOG}"), 300)
    host.power_cut()
    assert host.kept() == kept
    assert host.converge() == 0
    assert json.loads(host.ssh("zagent verify --json").splitlines()[-1])["whole"]


def weights(kept: Mapping[str, str]) -> Mapping[str, str]:
    """The files of the model; manifests and records tell of the time."""
    return {path: digest for path, digest in kept.items() if "modelscope_cache/models" in path}
