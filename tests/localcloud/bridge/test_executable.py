"""The executable that the engine starts: how it begins and how it ends."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.localcloud.bridge.binary import NAMED
from tests.localcloud.bridge.engine import Engine, left
from tests.localcloud.cloud import api
from tests.localcloud.cloud.ec2.models import LocalEC2Backend
from tests.localcloud.cloud.region import REGION
from tests.localcloud.process import Process
from tests.localcloud.waiting import until

COMMAND = [sys.executable, "-m", "tests.localcloud.bridge"]
SNAPSHOT = "aws:ebs/snapshot:Snapshot"

pytestmark = pytest.mark.cloud


@pytest.fixture
def executable(provider_binary: Path, api_variables: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The executable, begun."""
    variables = {**os.environ, **api_variables, NAMED: str(provider_binary)}
    with subprocess.Popen(COMMAND, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as bridge:
        yield bridge
        bridge.terminate()


@pytest.fixture
def port(executable: subprocess.Popen[str]) -> int:
    """The port that it serves on, which is the first thing it says."""
    assert executable.stdout is not None
    return int(executable.stdout.readline())


@dataclass
class Held:
    """A question to EC2 that is not answered before ``go_on`` is set."""

    asked: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def hold(self, operation: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Answer it then."""
        self.asked.set()
        self.go_on.wait(60)
        return operation(*arguments, **named)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """What is asked of a snapshot: who asks has the answer to its creation."""
    held, describe = Held(), LocalEC2Backend.describe_snapshots

    def answer(*of: Any, **named: Any) -> Any:
        return held.hold(describe, *of, **named)

    monkeypatch.setattr(LocalEC2Backend, "describe_snapshots", answer)
    yield held
    held.go_on.set()


def test_it_takes_its_version_from_the_sdk(port: int) -> None:
    """The engine would not take another one for what the program asks for."""
    assert Engine(port).version() == version("pulumi-aws")


def test_a_cancelled_creation_is_kept(port: int, held: Held) -> None:
    """Ctrl-C while the provider waits for AWS: the creation ends at once, and what is there is known to the engine.

    The shell's variables alone tell where AWS is.
    """
    engine, before = Engine(port), set(api.ec2().snapshots)
    volume = api.ec2().create_volume(1, f"{REGION}a")
    engine.configure({})
    with ThreadPoolExecutor() as pool:
        creation = pool.submit(engine.create, SNAPSHOT, {"volumeId": volume.id})
        assert held.asked.wait(60)
        engine.cancel()
        failure = creation.exception(60)
    assert isinstance(failure, grpc.RpcError)
    assert {left(failure, SNAPSHOT).id} == set(api.ec2().snapshots) - before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.usefixtures("port")
def test_it_ends_quietly_with_its_provider(executable: subprocess.Popen[str], number: signal.Signals) -> None:
    """The engine interrupts it: it says nothing, leaves no provider behind and no folder of it."""
    provider = _provider(executable)
    folder = _folder(provider)
    assert folder.is_dir()
    executable.send_signal(number)
    assert executable.communicate(timeout=60) == ("", "")
    assert executable.returncode == 0
    assert not provider.alive()
    assert not folder.exists()


@pytest.mark.usefixtures("port")
def test_its_provider_ends_when_it_is_killed(executable: subprocess.Popen[str]) -> None:
    """Nothing of a killed bridge stays behind and runs on."""
    provider = _provider(executable)
    folder = _folder(provider)
    executable.kill()
    until(lambda: not provider.alive())
    shutil.rmtree(folder)


def test_it_ends_when_its_engine_is_killed(provider_binary: Path, api_variables: dict[str, str]) -> None:
    """A killed engine interrupts nobody: neither the bridge nor its provider stays behind."""
    variables = {**os.environ, **api_variables, NAMED: str(provider_binary)}
    script = f"{shlex.join(COMMAND)} & echo $!; wait"
    with subprocess.Popen(["sh", "-c", script], env=variables, stdout=subprocess.PIPE, text=True) as engine:
        assert engine.stdout is not None
        bridge = Process.of(int(engine.stdout.readline()))
        assert engine.stdout.readline(), "its port"
        provider = _provider(bridge)
        engine.kill()
        until(lambda: not bridge.alive() and not provider.alive())


def test_without_a_provider_it_says_why() -> None:
    """One line for the person, no traceback."""
    ended = subprocess.run(COMMAND, env={**os.environ, NAMED: "/nowhere"}, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr == f"{NAMED} names /nowhere, and there is no such file\n"


def _provider(bridge: subprocess.Popen[str] | Process) -> Process:
    """The one process that the bridge started."""
    (pid,) = Path(f"/proc/{bridge.pid}/task/{bridge.pid}/children").read_text().split()
    return Process.of(int(pid))


def _folder(provider: Process) -> Path:
    """Where a provider has its socket."""
    variables = Path(f"/proc/{provider.pid}/environ").read_text()
    return Path(variables.partition("PLUGIN_UNIX_SOCKET_DIR=")[2].split("\0")[0])
