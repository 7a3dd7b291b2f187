"""A provider's process that does not do what it should."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.localcloud.bridge.client import Client
from tests.localcloud.bridge.process import ProviderFailed, ProviderProcess
from tests.localcloud.process import Process

Start = Callable[[str], ProviderProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a shell script in the place of a provider."""
    started = []

    def start(script: str) -> ProviderProcess:
        binary = tmp_path / "terraform-provider-aws_v5.1.2_x5"
        binary.write_text(f"#!/bin/sh\n{script}\n")
        binary.chmod(0o755)
        started.append(ProviderProcess(binary))
        return started[-1]

    yield start
    for one in started:
        one.end()


def test_one_that_does_not_start_has_its_last_words_told(start: Start) -> None:
    """What it wrote to stderr is the only hint that there is."""
    with pytest.raises(ProviderFailed, match=r"did not start(?s:.*)no such luck"):
        Client(start("echo no such luck >&2; exit 3")).prepare(None)


def test_one_of_another_protocol_is_refused(start: Start) -> None:
    """Protocol 6 has other messages."""
    process = start("echo '1|6|unix|/nowhere|grpc|'; exec sleep 600")
    with pytest.raises(ProviderFailed, match=r"1\|6\|unix"):
        _ = process.address


def test_one_that_ended_is_an_error_of_the_call(start: Start) -> None:
    """It said where it listens, and is gone."""
    client = Client(start("echo out of memory >&2; echo '1|5|unix|/nowhere/socket|grpc|'"))
    with pytest.raises(ProviderFailed, match=r"GetSchema of the AWS provider failed(?s:.*)out of memory"):
        _ = client.schemas


def test_its_version_is_that_of_its_name(start: Start) -> None:
    """Messages about what it lacks name it."""
    assert start("exec sleep 600").version == "5.1.2"


def test_it_is_told_nothing_but_the_cookie_and_its_folder(start: Start, tmp_path: Path) -> None:
    """It ends for good, with the folder that it had for its socket."""
    process = start(f'echo "$PLUGIN_UNIX_SOCKET_DIR $$" > {tmp_path}/told; echo "1|5|unix|x|grpc|"; exec sleep 600')
    assert process.address == "unix:x"
    folder, pid = (tmp_path / "told").read_text().split()
    running = Process.of(int(pid))
    assert Path(folder).is_dir()
    process.end()
    assert not running.alive()
    assert not Path(folder).exists()
