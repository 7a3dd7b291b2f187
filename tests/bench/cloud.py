"""The local cloud's figures: what the bridge and the snapshots cost, and how long a stack's life takes."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.bench.figures import TOLD, Figure
from tests.bench.process import measure, paired, ratio
from tests.localcloud.bridge import binary
from tests.localcloud.bridge.__main__ import serve
from tests.localcloud.bridge.client import Client, State
from tests.localcloud.bridge.engine import Engine, Made
from tests.localcloud.bridge.process import ProviderProcess
from tests.localcloud.cloud import api
from tests.localcloud.cloud.disks import Disks
from tests.localcloud.cloud.machines import NoMachines
from tests.localcloud.cloud.region import REGION
from tests.localcloud.sample.stack import Stack, running

CONTENT = 512 * 1024**2
DIFFERENCES = 30
VOLUME = {"availabilityZone": f"{REGION}a", "size": 1, "type": "gp3"}


def measured(work: Path, pairs: int) -> list[Figure]:
    """All of them, in the folder ``work``."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # not a line for each request
    (work / "volumes").mkdir()
    (work / "life").mkdir()
    with api.served(NoMachines(), Disks(work / "volumes")) as port:
        found = [_snapshot(work, pairs), _difference(port, pairs)]
    with running(work / "life") as stack:
        return found + _life(stack)


def _snapshot(work: Path, pairs: int) -> Figure:
    """CreateSnapshot of a volume with content, beside cp."""
    backend = api.ec2()
    volume = backend.create_volume(size=1, zone_name=f"{REGION}a", volume_type="gp3")
    source = backend.disks.path(volume.id)
    with source.open("r+b") as disk:
        disk.write(os.urandom(CONTENT))

    def copied() -> float:
        return measure(["cp", "--sparse=always", "--reflink=auto", str(source), str(work / "copy")]).seconds

    ours, theirs = paired(lambda: _seconds(lambda: backend.create_snapshot(volume.id, "")), copied, pairs)
    found = ratio(ours, theirs)
    detail = f"{median(ours):.2f} s against {median(theirs):.2f} s, {CONTENT >> 20} MiB"
    return Figure("CreateSnapshot / cp", found, "times", "<= 1.5", found <= 1.5, detail)


def _difference(port: int, pairs: int) -> Figure:
    """Diff of a resource through the bridge, beside the provider's plan of the same."""
    with _provider(port) as (engine, client):
        volume = engine.create("aws:ebs/volume:Volume", VOLUME)
        state, _ = client.import_state("aws_ebs_volume", volume.id)
        state, _ = client.read("aws_ebs_volume", state)
        ours, theirs = paired(lambda: _diffs(engine, volume), lambda: _plans(client, state), pairs)
    found = ratio(ours, theirs)
    detail = f"{median(ours) * 1000:.1f} ms against {median(theirs) * 1000:.1f} ms a call"
    return Figure("bridge's Diff / provider's plan", found, "times", "<= 5", found <= 5, detail)


@contextmanager
def _provider(port: int) -> Iterator[tuple[Engine, Client]]:
    """The provider behind the bridge, and by itself."""
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}
    os.environ |= {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_REGION": REGION, **keys}
    process = ProviderProcess(binary.find())
    server, bridge = serve(process, "")
    engine = Engine(bridge)
    engine.configure({"region": REGION})
    yield engine, Client(process)
    server.stop(grace=None).wait()
    process.end()


def _diffs(engine: Engine, volume: Made) -> float:
    return _seconds_each(lambda: engine.diff(volume, VOLUME | {"size": 2}))


def _plans(client: Client, state: State) -> float:
    # Only what a configuration may set; the rest is the provider's to know.
    said = {name: state.value[name] for name in ("availability_zone", "type")}
    config = dict.fromkeys(state.value) | said | {"size": 2}
    return _seconds_each(lambda: client.plan("aws_ebs_volume", state, state.value | {"size": 2}, config))


def _seconds_each(call: Callable[[], object]) -> float:
    return _seconds(lambda: [call() for _ in range(DIFFERENCES)]) / DIFFERENCES


def _life(stack: Stack) -> list[Figure]:
    """A stack of 19 resources from nothing to its end, as seconds on the clock; the provider polls every 10 s."""
    steps: dict[str, Callable[[], object]] = {
        "pulumi up from nothing": stack.project.up,
        "until the host answers SSH": lambda: stack.ssh("true"),
        "pulumi preview, nothing to do": stack.plan,
        "pulumi refresh": lambda: stack.project.run("refresh", "--yes", "--skip-preview"),
        "pulumi destroy": lambda: stack.project.run("destroy", "--yes", "--skip-preview"),
    }
    return [Figure(name, _seconds(step), "s", TOLD, True, "") for name, step in steps.items()]


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
