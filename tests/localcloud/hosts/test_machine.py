"""The safety contract of a machine's removal, clause by clause; that it removes, test_fleet shows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.localcloud.errors import LocalCloudError
from tests.localcloud.hosts import qemu
from tests.localcloud.hosts.image import Image
from tests.localcloud.hosts.machine import Machine
from tests.localcloud.hosts.record import Record

HOLD = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
input()
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A folder that could be a machine's."""
    folder = tmp_path / "i-1"
    folder.mkdir()
    return Machine(folder, Image(tmp_path), {})


@pytest.fixture
def holder(machine: Machine) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the pid file as QEMU does."""
    command = [sys.executable, "-c", HOLD, str(machine.folder / qemu.PID_FILE)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        yield process
        process.kill()


def test_clause_1_a_folder_without_a_record_stays(machine: Machine) -> None:
    """It may be anybody's."""
    (machine.folder / "file").touch()
    with pytest.raises(FileNotFoundError):
        machine.remove()
    assert (machine.folder / "file").exists()


def test_clause_2_the_folder_of_a_running_machine_stays(
    machine: Machine, holder: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If its QEMU can't be ended, its disks are not pulled from under it."""
    Record("i-1", "127.0.0.2").write(machine.folder)
    monkeypatch.setattr(Machine, "stop", lambda _: None)
    with pytest.raises(LocalCloudError, match=str(holder.pid)):
        machine.remove()
    assert machine.record


def test_the_process_is_the_one_that_holds_the_pid_file(machine: Machine, holder: subprocess.Popen[str]) -> None:
    """Whatever number the file shows; and when that one ends, there is none."""
    (machine.folder / qemu.PID_FILE).write_text("1")
    process = machine.process()
    assert process
    assert process.pid == holder.pid
    holder.kill()
    holder.wait()
    assert machine.process() is None
