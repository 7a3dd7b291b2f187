"""What a host's Python tells the operator of the weights: with no more than the agent's code, and without it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import zagent

from infra.bootstrap.facts import parsers
from infra.bootstrap.files import script
from tests.weights.conftest import Site

AGENT = Path(zagent.__file__).parent.parent


def told(root: Path, agent: Path = AGENT) -> tuple[bool, bool]:
    """Whether there is a Python, which always answers, and the weights are whole."""
    command = [sys.executable, "-I", "-S", "-c", script("answers"), str(agent), str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return parsers.python(done.returncode, done.stdout) is not None, parsers.weights(done.returncode, done.stdout)


def test_weights_count_when_they_are_whole(site: Site) -> None:
    """Not before they were pulled, and not when a file is missing."""
    assert told(site.root) == (True, False)
    site.pull()
    assert told(site.root) == (True, True)
    next(site.snapshot.rglob("*.safetensors")).unlink()
    assert told(site.root) == (True, False)


def test_a_host_without_the_agent_tells_of_its_python(site: Site) -> None:
    """The agent's code is put there later; a volume from elsewhere may have its weights already."""
    site.pull()
    assert told(site.root, Path("/nowhere")) == (True, False)
