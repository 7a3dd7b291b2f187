"""`scripts/localcloud env` in the shells that evaluate it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.localcloud.shell import environment, exports
from tests.localcloud.state import State

SHELLS = [name for name in ("sh", "bash", "dash", "zsh") if shutil.which(name)]
ENDPOINT = "http://127.0.0.1:4566"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_evaluates_to_the_variables(shell: str, tmp_path: Path) -> None:
    """Whatever the folder is called, a program started by the shell has exactly the values."""
    variables = environment(State(tmp_path / "it's a $HOME `folder`"), ENDPOINT, "/usr/bin:/bin")
    script = 'eval "$1"; exec "$2" -c "import json, os; print(json.dumps(dict(os.environ)))"'
    said = subprocess.run(
        [shell, "-c", script, shell, exports(variables), sys.executable], capture_output=True, check=True
    )
    seen = json.loads(said.stdout)
    assert {name: seen[name] for name in variables} == variables


def test_evaluating_twice_is_the_same_as_once(tmp_path: Path) -> None:
    """The folder stands on PATH once, and first."""
    state = State(tmp_path)
    once = environment(state, ENDPOINT, "/usr/bin:/bin")["PATH"]
    assert once == f"{state.bin}:/usr/bin:/bin"
    assert environment(state, ENDPOINT, once)["PATH"] == once


def test_before_start_there_is_nothing_to_evaluate(tmp_path: Path) -> None:
    """`env` fails with words on stderr; stdout, which a shell would evaluate, is empty."""
    command = [sys.executable, "-I", "-m", "tests.localcloud", "env", "--state", str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    assert (said.returncode, said.stdout) == (1, "")
    assert "start" in said.stderr
    assert "Traceback" not in said.stderr
