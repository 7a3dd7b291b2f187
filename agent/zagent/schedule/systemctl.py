"""The one function that runs systemctl, and the one question that is asked of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Sequence

from zagent.errors import SystemdRefused, ToolMissing

Run = Callable[[Sequence[str]], str]
"""Runs systemctl with these words and returns what it printed."""


def systemctl(words: Sequence[str]) -> str:
    """Run ``systemctl``; its words are in English and its times in UTC.

    Raises:
        ToolMissing: there is no systemctl.
        SystemdRefused: it failed, with what it said.
    """
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    command = ["systemctl", "--no-pager", "--no-ask-password", *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    except FileNotFoundError as error:
        raise ToolMissing(tool="systemctl", package="systemd") from error
    if done.returncode != 0:
        why = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise SystemdRefused(words=" ".join(words), detail=why)
    return done.stdout


def show(run: Run, units: Iterable[str], *properties: str) -> dict[str, dict[str, str]]:
    """What systemd knows of each unit; one that it does not know has a LoadState of ``not-found``."""
    return parse(run(["show", f"--property={','.join(['Id', *properties])}", "--", *units]))


def parse(answer: str) -> dict[str, dict[str, str]]:
    """The properties of each unit in the answer of ``systemctl show``: blocks of NAME=VALUE. Pure."""
    blocks = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in answer.split("\n\n")]
    return {block["Id"]: block for block in blocks if "Id" in block}
