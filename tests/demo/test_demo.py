"""The demonstration itself: it holds, and it leaves nothing behind, also when it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import tests

REPOSITORY = Path(tests.__file__).parent.parent

pytestmark = pytest.mark.engine


def start(temporary: Path) -> subprocess.Popen[str]:
    """The demonstration with a folder of its own for all it makes."""
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.demo"], env=environment, stdout=subprocess.PIPE, text=True, bufsize=1
    )


def test_every_step_holds(tmp_path: Path) -> None:
    """The picture is made twice, the second time with 0 bytes from the hub."""
    done = start(tmp_path)
    out, _ = done.communicate()
    assert done.returncode == 0, out
    last = next(line for line in reversed(out.splitlines()) if line.startswith("zagent generate, again"))
    assert " 0 B " in last
    assert "every pixel equal" in last
    assert not list(tmp_path.glob("zagent-demo-*"))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demonstration_cleans_up(tmp_path: Path, how: signal.Signals) -> None:
    """A mounted disk and its folder go when the demonstration is stopped in the middle."""
    running = start(tmp_path)
    assert running.stdout is not None
    for line in running.stdout:
        if "[3/9] zagent pull" in line:
            break
    running.send_signal(how)
    running.communicate()
    assert running.returncode != 0
    assert not list(tmp_path.glob("zagent-demo-*"))
    assert str(tmp_path) not in Path("/proc/self/mounts").read_text()
