"""A run that leaves out the tests with a virtual machine for which it is too late."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.localcloud.state import REPOSITORY

TESTS = """
import pytest

@pytest.fixture
def machine():
    print("booted")

@pytest.mark.vm
def test_with(machine):
    print("with a machine")

def test_without():
    print("without one")
"""


def ran(folder: Path, *words: str) -> str:
    """What a run of two tests prints, which must be green."""
    (folder / "test_two.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-s", "-p", "tests.omitted", "-p", "no:cacheprovider", "-W", "ignore"]
    done = subprocess.run(
        [*command, "--rootdir", folder, *words, folder / "test_two.py"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_none_is_left_out_in_time(tmp_path: Path) -> None:
    """With time to spare, or without a limit."""
    assert "with a machine" in ran(tmp_path)
    assert "with a machine" in ran(tmp_path, "--machines-within", "45")


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    """Nothing boots for it, all others run, and it is no failure, also where all tests are required, as in CI."""
    said = ran(tmp_path, "--machines-within", "0", "--require-all")
    assert "booted" not in said
    assert "without one" in said
    assert "test_two.py::test_with\n" in said
    assert said.count("to run them: scripts/test ") == 1
