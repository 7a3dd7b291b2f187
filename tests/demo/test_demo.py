"""The demonstration itself: it holds, says what it leaves out, and leaves nothing behind, also when interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.demo import plan
from tests.localcloud import cache
from tests.localcloud.bridge.binary import NAMED
from tests.localcloud.parts import missing
from tests.localcloud.state import REPOSITORY

pytestmark = pytest.mark.engine


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder whose path is short: those of sockets below it may have 107 characters (unix(7))."""
    with TemporaryDirectory(prefix="z", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def start(temporary: Path, *words: str, **more: str) -> subprocess.Popen[str]:
    """The demonstration with a folder of its own for all it makes."""
    own = {"TMPDIR": str(temporary), "XDG_CACHE_HOME": str(cache.HOME.parent), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.demo", *words],
        cwd=REPOSITORY,
        env={**os.environ, **own, **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
    )


def interrupt(running: subprocess.Popen[str], at: str, how: signal.Signals = signal.SIGINT) -> None:
    """Wait for a line, stop the demonstration there, and wait for its end."""
    assert running.stdout is not None
    said = []
    for line in running.stdout:
        said.append(line)
        if at in line:
            break
    assert running.poll() is None, "".join(said)
    running.send_signal(how)
    running.communicate()
    assert running.returncode != 0


@pytest.mark.parametrize(("how", "at"), [(signal.SIGINT, "] zagent pull"), (signal.SIGTERM, "$ zagent backup now")])
def test_an_interrupted_demonstration_cleans_up(temporary: Path, how: signal.Signals, at: str) -> None:
    """Mounted disks and their folders go when the demonstration is stopped in the middle."""
    if "backup" in at and not plan.look(temporary, quick=True).restic:
        pytest.skip("no restic that zagent takes: install restic")
    interrupt(start(temporary, "--quick"), at, how)
    assert not list(temporary.glob("zagent-*"))
    assert str(temporary) not in Path("/proc/self/mounts").read_text()


def test_what_can_not_be_had_is_left_out_and_said(temporary: Path) -> None:
    """Without an AWS provider the agent's road is all there is; that is told first, and it is no failure."""
    done = start(temporary, **{NAMED: "/nowhere"})
    out, _ = done.communicate()
    assert done.returncode == 0, out
    told, walked = out.split("\n[1/", 1)
    assert "the AWS provider: " in told
    assert "pulumi up" not in walked
    found = plan.look(temporary, quick=True)
    for step in ("zagent generate, again", *(["zagent restore"] if found.restic else [])):
        row = proved(out, step)
        assert " 0 B " in row
        assert "every pixel equal" in row
    assert not list(temporary.glob("zagent-*"))


def proved(out: str, step: str) -> str:
    """The last table's row of a step."""
    return [line for line in out.splitlines() if line.startswith(f"{step}  ")][-1]


def test_all_can_be_required(temporary: Path) -> None:
    """Where nothing may be left out, a missing part is an error before anything is done."""
    done = start(temporary, "--require-all", **{NAMED: "/nowhere"})
    out, _ = done.communicate()
    assert done.returncode == 1
    assert "[1/" not in out
    assert not list(temporary.glob("zagent-*"))


@pytest.mark.vm
@pytest.mark.timeout(1800)
def test_an_interrupted_cloud_is_cleaned_up(temporary: Path) -> None:
    """Stopped while its host boots, the road leaves no machine, no stack file and no folder."""
    if lacking := missing():
        pytest.skip("; ".join(map(str, lacking)))
    interrupt(start(temporary), "HostBootstrap bootstrap creating")
    assert not list(temporary.glob("zagent-*"))
    assert not (REPOSITORY / "Pulumi.drill.yaml").exists()
    assert not [one for one in Path("/proc").glob("[0-9]*/cmdline") if str(temporary).encode() in content(one)]


def content(path: Path) -> bytes:
    """What a file of /proc holds; nothing when its process has gone."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
