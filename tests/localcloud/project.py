"""A small Pulumi project on a local cloud, for tests."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

DEADLINE_SECONDS = 900
"""A limit against hanging: beside virtual machines on two processors all takes several times as long."""


@dataclass
class Project:
    """A folder with a project whose program lies in ``infra/``.

    ``variables`` are those of its shell, ``declaration`` is its Pulumi.yaml.
    """

    folder: Path
    variables: Mapping[str, str]
    declaration: str = "name: small\nruntime: python\nmain: infra/\n"
    program: Path = field(init=False)

    def __post_init__(self) -> None:
        self.program = self.folder / "infra/__main__.py"
        self.program.parent.mkdir(parents=True)
        (self.folder / "Pulumi.yaml").write_text(self.declaration)
        self.run("stack", "init", "test")

    def write(self, program: str, beside: Mapping[str, str] | None = None) -> None:
        """Put the program there, and modules of its own beside it."""
        self.program.write_text(dedent(program))
        for name, module in (beside or {}).items():
            (self.program.parent / name).write_text(dedent(module))

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Begin a Pulumi command."""
        return subprocess.Popen(
            ["pulumi", *words, "--non-interactive"],
            cwd=self.folder,
            env=os.environ | dict(self.variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def try_to(self, *words: str) -> tuple[int, str]:
        """Run a Pulumi command; its exit code and all it said."""
        with self.begin(*words) as command:
            said, _ = command.communicate(timeout=DEADLINE_SECONDS)
        return command.returncode, said

    def run(self, *words: str) -> str:
        """Run a Pulumi command that must succeed; what it said."""
        code, said = self.try_to(*words)
        assert code == 0, said
        return said

    def up(self) -> str:
        """`pulumi up`, which must succeed."""
        return self.run("up", "--yes", "--skip-preview")

    def outputs(self) -> dict[str, Any]:
        """What the program exported."""
        found: dict[str, Any] = json.loads(self.run("stack", "output", "--json"))
        return found
