"""What only a process of its own can show: Ctrl-C, a machine without a network, the example script."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from zagent.generate.replay import differing
from zagent.generate.request import Request
from zagent.weights.store import Store

from tests.generate.conftest import PROMPT, SMALL, Command, images

pytestmark = pytest.mark.engine

EXAMPLE = Path(__file__).parent.parent.parent / "docs/examples/run_z_image.py"


def test_ctrl_c_ends_a_run_without_a_trace(root: Path, tmp_path: Path) -> None:
    """SIGINT after a step of the second image: exit 130, the first image whole, of the second nothing."""
    words = ["generate", PROMPT, "--size", "512", "--steps", "100", "--seed", "7", "-n", "1000"]
    command = [sys.executable, "-m", "zagent", "--data-root", str(root), *words, "-o", str(tmp_path / "out"), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        told = (json.loads(line) for line in run.stdout)
        next(one for one in told if one["event"] == "step" and (one["image"], one["step"]) == (1, 3))
        run.send_signal(signal.SIGINT)
        last = list(told)[-1]
        assert run.wait() == 130
    assert (last["event"], last["error"]) == ("error", "Interrupted")
    (only,) = (tmp_path / "out").iterdir()
    Image.open(only).load()


def _without_network(command: list[str]) -> list[str]:
    return ["unshare", "-n", *command] if os.geteuid() == 0 else command


def test_the_example_draws_the_same_image(root: Path, store: Store, zagent: Command, tmp_path: Path) -> None:
    """Plain diffusers code under `zagent env`, with no network at all, draws what zagent draws."""
    script = zagent("env").stdout + 'exec "$@"\n'
    words = [sys.executable, str(EXAMPLE), PROMPT, "--size", "64", "--seed", "7", "--output", str(tmp_path / "fox.png")]
    done = subprocess.run(
        _without_network(["sh", "-c", script, "sh", *words]), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (made,) = images(store, Request(PROMPT, SMALL, seed=7))
    assert differing(Image.open(tmp_path / "fox.png"), made.image) == 0


@pytest.mark.root
def test_generating_needs_no_network(root: Path, tmp_path: Path) -> None:
    """In a network namespace without even a loopback `zagent generate` makes its image, in silence."""
    words = ["generate", PROMPT, "--size", "64", "-o", str(tmp_path / "fox.png")]
    command = _without_network([sys.executable, "-m", "zagent", "--data-root", str(root), *words])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line[:5] for line in done.stderr.splitlines()] == ["plan:"]
    assert Image.open(tmp_path / "fox.png").size == (64, 64)


def test_the_example_says_where_no_model_is(tmp_path: Path) -> None:
    """Also where its folder is there, as a pull that was refused or cut off may leave it."""
    (tmp_path / "models/Tongyi-MAI--Z-Image-Turbo/snapshots/master").mkdir(parents=True)
    here = {**os.environ, "MODELSCOPE_CACHE": str(tmp_path)}
    done = subprocess.run([sys.executable, EXAMPLE, PROMPT], env=here, capture_output=True, text=True, check=False)
    assert "then zagent doctor" in done.stderr.splitlines()[-1]
