"""The one function that runs systemctl, and the one question that is asked of it."""

from __future__ import annotations

import os
import subprocess
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from zagent.errors import ScheduleRefused, SystemdRefused, ToolMissing

Run = Callable[[Sequence[str]], str]
"""Runs systemctl with these words and returns what it printed."""

BOOTED = Path("/run/systemd/system")
"""A folder that is there only where systemd started the machine (sd_booted(3))."""

BY_CRON = (
    "crontab -e   with the lines `0 2 * * * zagent backup` and `0 4 * * 0 zagent verify`, "
    "zagent written as `command -v zagent` prints it"
)
"""What does the timers' work on a machine of a person's own."""

MOST_WORDS = 80
"""Letters of its words that an error quotes."""


def require_systemd() -> None:
    """Make sure that there is a systemd to be told anything.

    Raises:
        ScheduleRefused: another program started this machine, as in most containers.
    """
    if not BOOTED.is_dir():
        raise ScheduleRefused(why="no systemd runs here (PID 1 is another program)", hint=BY_CRON)


def systemctl(words: Sequence[str]) -> str:
    """Run ``systemctl``; its words are in English and its times in UTC.

    Raises:
        ScheduleRefused: no systemd runs here.
        ToolMissing: there is no systemctl.
        SystemdRefused: it failed, with what it said.
    """
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    command = ["systemctl", "--no-pager", "--no-ask-password", *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    except (FileNotFoundError, PermissionError) as error:  # refused: a folder of PATH that may not be searched
        require_systemd()
        raise ToolMissing(tool="systemctl", package="systemd") from error
    if done.returncode != 0:
        require_systemd()
        why = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise SystemdRefused(words=textwrap.shorten(" ".join(words), MOST_WORDS, placeholder=" …"), detail=why)
    return done.stdout


def show(run: Run, units: Iterable[str], *properties: str) -> dict[str, dict[str, str]]:
    """What systemd knows of each unit; one that it does not know has a LoadState of ``not-found``."""
    return parse(run(["show", f"--property={','.join(['Id', *properties])}", "--", *units]))


def parse(answer: str) -> dict[str, dict[str, str]]:
    """The properties of each unit in the answer of ``systemctl show``: blocks of NAME=VALUE. Pure."""
    blocks = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in answer.split("\n\n")]
    return {block["Id"]: block for block in blocks if "Id" in block}
