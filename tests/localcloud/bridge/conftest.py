"""The bridge as the engine sees it: over gRPC, in front of the real provider; AWS's API is in the test's process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.localcloud.bridge import binary
from tests.localcloud.bridge.__main__ import serve
from tests.localcloud.bridge.client import Client
from tests.localcloud.bridge.engine import Engine, Log, Made, listening
from tests.localcloud.bridge.lives import LIVES, Lives
from tests.localcloud.bridge.process import ProviderProcess
from tests.localcloud.cloud import api
from tests.localcloud.cloud.disks import Disks
from tests.localcloud.cloud.ec2.volumes import VolumeBackend
from tests.localcloud.cloud.machines import NoMachines
from tests.localcloud.cloud.region import REGION

VOLUME = {"availabilityZone": f"{REGION}a", "size": 1, "type": "gp3", "tags": {"of": "the tests"}}
"""The inputs of the volume that the tests share."""


@pytest.fixture(scope="package")
def api_variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables by which a provider finds an AWS of this folder's tests."""
    disks = Disks(tmp_path_factory.mktemp("disks"))
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}
    with pytest.MonkeyPatch.context() as patch, api.served(NoMachines(), disks) as port:
        # The provider looks every 15 s whether a snapshot is complete, so it had better be at the first look.
        patch.setattr(VolumeBackend, "take_a_while", lambda *_: None)
        yield {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_REGION": REGION, **keys}


@pytest.fixture(scope="package")
def provider_binary() -> Path:
    """The AWS provider of this machine; skip where there is none."""
    try:
        return binary.find()
    except binary.ProviderMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="package")
def process(provider_binary: Path, api_variables: dict[str, str]) -> Iterator[ProviderProcess]:
    """The running provider."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in api_variables.items():
            patch.setenv(name, value)
        process = ProviderProcess(provider_binary)
    yield process
    process.end()


@pytest.fixture(scope="package")
def client(process: ProviderProcess) -> Client:
    """A connection to the provider itself."""
    return Client(process)


@pytest.fixture(scope="package")
def log() -> Log:
    """What the engine is told to show."""
    return Log()


@pytest.fixture(scope="package")
def engine(process: ProviderProcess, log: Log) -> Iterator[Engine]:
    """The engine, with the bridge configured."""
    with listening(log) as address:
        server, port = serve(process, address)
        engine = Engine(port)
        engine.configure({"region": REGION})
        yield engine
        server.stop(grace=None).wait()


@pytest.fixture(scope="package")
def lives(engine: Engine) -> Iterator[Lives]:
    """A resource of each type that all tests share, and that none changes: some take the provider ten seconds.

    All are there before the first test that uses one: tests let AWS refuse what these, too, would ask of it.
    """
    lives = Lives(engine)
    for name in LIVES:
        lives[name]
    yield lives
    lives.delete()


@pytest.fixture(scope="package")
def volume(lives: Lives) -> Made:
    """The volume among them."""
    return lives["volume"]
