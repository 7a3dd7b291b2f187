"""The files with variables, each read by the program that reads it on a host."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from infra.bootstrap import environment
from infra.bootstrap.environment import BEGIN, END
from infra.bootstrap.want import Want

WANT = Want("vol0", "ubuntu")
OTHER = Want("vol0", "ubuntu", modelscope_endpoint="http://hub")
THEIRS = 'PATH="/usr/bin:/bin"\nHF_HOME=/elsewhere\n'


def test_services_and_every_login_get_the_same() -> None:
    """Line for line."""
    services = environment.agent_env(OTHER).splitlines()[1:]
    assert services == environment.environment("", OTHER).splitlines()[1:-1]
    assert "MODELSCOPE_CACHE=/data/modelscope_cache" in services
    assert "MODELSCOPE_ENDPOINT=http://hub" in services


def test_the_lines_of_others_stay() -> None:
    """Ours come, change and are not doubled; they are the last, which count."""
    first = environment.environment(THEIRS, WANT)
    assert first.startswith(THEIRS)
    assert environment.environment(first, WANT) == first
    edited = first + "EDITOR=vi\n"
    again = environment.environment(edited, OTHER)
    assert again.startswith(THEIRS + "EDITOR=vi\n")
    assert again.count("HF_HOME=/data/modelscope_cache") == 1
    assert again.index("HF_HOME=/elsewhere") < again.index("HF_HOME=/data")


def test_a_beginning_without_an_end_takes_nothing_away() -> None:
    """Somebody removed the last line: what is below may be theirs."""
    torn = f"{BEGIN}\nHF_HOME=/theirs\nEDITOR=vi\n"
    made = environment.environment(torn, WANT)
    assert made.startswith("HF_HOME=/theirs\nEDITOR=vi\n")
    assert (made.count(BEGIN), made.count(END)) == (1, 1)
    assert environment.environment(made, WANT) == made


def home(folder: Path) -> str:
    """HF_HOME as a login shell has it, where /data is this folder."""
    script = environment.profile().replace("/data", str(folder))
    told = subprocess.run(["sh", "-c", f'HF_HOME=before\n{script}\necho "$HF_HOME"'], capture_output=True, text=True)
    return told.stdout.strip()


@pytest.mark.parametrize("there", [True, False])
def test_a_login_shell_has_a_home_of_its_own(tmp_path: Path, there: bool) -> None:
    """On the volume, where the person has a folder; else it is as before."""
    me = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    if there:
        (tmp_path / "users" / me).mkdir(parents=True)
    assert home(tmp_path) == (f"{tmp_path}/users/{me}/cache/huggingface" if there else "before")
