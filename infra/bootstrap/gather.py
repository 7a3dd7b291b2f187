"""Ask a host for all its facts at once, and for the proof that a disk is blank when that is needed."""

from __future__ import annotations

import json
import time

from infra.bootstrap import agent, blank
from infra.bootstrap.blank import Proof
from infra.bootstrap.facts.commands import DEVICE, FACTS, PATIENCE
from infra.bootstrap.facts.model import Facts
from infra.bootstrap.files import script
from infra.bootstrap.ssh.host import COMMAND_PATIENCE, Host, OnLine, must
from infra.bootstrap.want import AGENTS, ROOT, Want, paths

DISK_PATIENCE = 60.0
"""Seconds until an attached disk must have turned up on the host."""


COMMANDS = {fact.command: fact.patience for fact in FACTS.values()}
NOTICE = "the packages on the volume are read, which takes minutes on one that was just made of a snapshot"
FACTS_PATIENCE = COMMAND_PATIENCE + sum(one for one in COMMANDS.values() if one > PATIENCE)
"""Seconds for all facts together: as for any command, and for those that may take longer."""


def on_host(name: str, *words: str, python: str = "python3") -> list[str]:
    """The command that runs one of them; ``-I`` keeps whatever lies in the working folder out of it."""
    return [python, "-I", "-c", script(name), *words]


def gather(host: Host, want: Want, say: OnLine) -> Facts:
    """Every fact, once the data disk is there or has had its time to turn up.

    Raises:
        CommandFailed, HostUnreachable: the host could not answer.
    """
    until = time.monotonic() + DISK_PATIENCE
    while True:
        found = _ask(host, want, say)
        if any(disk.serial == want.serial for disk in found.disks) or time.monotonic() > until:
            return found
        time.sleep(2)


def _ask(host: Host, want: Want, say: OnLine) -> Facts:
    asked = {
        "device": [DEVICE, PATIENCE],
        "environment": {
            "SERIAL": want.serial,
            "ROOT": ROOT,
            "AGENT": f"{AGENTS}/{agent.key()}",
            "PATHS": " ".join(paths(want)),
        },
        "commands": COMMANDS,
        "notice": NOTICE,
    }
    words = on_host("gather", json.dumps(asked))
    told = must(host, "tell its facts", *words, on_line=lambda line: _tell(line, say), patience=FACTS_PATIENCE)
    answered = dict(zip(COMMANDS, json.loads(told), strict=True))
    return Facts(address=host.address, **{name: fact.parse(*answered[fact.command]) for name, fact in FACTS.items()})


def _tell(line: str, say: OnLine) -> None:
    """Pass on what people shall hear, and not the facts."""
    if line == NOTICE:
        say(line)


def prove(host: Host, device: str, size: int) -> Proof:
    """What is on a disk of ``size`` bytes, read just now; nothing is written.

    Raises:
        CommandFailed, HostUnreachable: it could not be looked at.
    """
    asked = json.dumps({"windows": blank.windows(size), "probes": blank.PROBES, "pause": blank.PAUSE})
    return Proof.parse(json.loads(must(host, f"look whether {device} is blank", *on_host("prove", device, asked))))
