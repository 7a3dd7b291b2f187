"""Processes by number and start time."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.localcloud.process import Process, descendants
from tests.localcloud.waiting import until

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"

HEADLESS = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=[600]).start()
ctypes.CDLL(None).syscall(60, 0)  # exit of this thread alone, on x86-64
"""


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


def test_a_process_ends(sleeper: subprocess.Popen[bytes]) -> None:
    """It lives until it is ended, by SIGTERM."""
    process = Process.of(sleeper.pid)
    assert process.alive()
    process.end()
    assert not process.alive()
    assert sleeper.wait() == -signal.SIGTERM


def test_a_process_that_does_not_listen_is_killed() -> None:
    """One that ignores SIGTERM ends all the same."""
    with subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE) as deaf:
        assert deaf.stdout is not None
        deaf.stdout.readline()
        Process.of(deaf.pid).end(patience_seconds=0.2)
        assert deaf.wait() == -signal.SIGKILL


def test_a_killed_process_is_not_asked() -> None:
    """It ends at once, without a chance to finish anything."""
    with subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE) as deaf:
        Process.of(deaf.pid).kill()
        assert deaf.wait() == -signal.SIGKILL


def test_a_process_lives_as_long_as_one_of_its_threads() -> None:
    """It has its files, locks and ports until then, although its first thread has ended."""
    with subprocess.Popen([sys.executable, "-c", HEADLESS]) as headless:
        process = Process.of(headless.pid)
        until(lambda: ") Z " in Path(f"/proc/{headless.pid}/stat").read_text())
        assert process.alive()
        process.kill()
        assert not process.alive()


def test_what_a_process_started_is_found(sleeper: subprocess.Popen[bytes]) -> None:
    """Its children and theirs; not what others started."""
    with subprocess.Popen(["sh", "-c", "sleep 600 & echo $!; wait"], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = Process.of(int(parent.stdout.readline()))
        assert descendants(parent.pid) == [child]
        assert {child, Process.of(parent.pid), Process.of(sleeper.pid)} <= set(descendants())
        child.end()


def test_another_process_of_that_number_is_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    """The same number with another start time is not ours: no signal is sent."""
    another = replace(Process.of(sleeper.pid), started=1)
    assert not another.alive()
    another.end()
    assert sleeper.poll() is None


def test_one_that_has_ended_is_no_error(sleeper: subprocess.Popen[bytes]) -> None:
    """Also while nobody has asked for its exit code yet."""
    process = Process.of(sleeper.pid)
    sleeper.kill()
    process.end()
    assert not process.alive()
    sleeper.wait()
    with pytest.raises(ProcessLookupError):
        Process.of(sleeper.pid)
