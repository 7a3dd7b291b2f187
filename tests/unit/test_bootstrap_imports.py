"""Who alone may import what on the operator's side, and what the scripts for the host may need."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import infra

PACKAGE = Path(infra.__file__).parent

SSH = "bootstrap/ssh/fabric_host.py"
ONLY = {"fabric": SSH, "invoke": SSH, "boto3": "account/access.py"}


def imports(folder: Path) -> Iterator[tuple[str, str]]:
    """Every module below a folder, by its path, and the names it imports."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((path.relative_to(PACKAGE).as_posix(), one.name) for one in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield path.relative_to(PACKAGE).as_posix(), node.module


@pytest.mark.parametrize("library", ONLY)
def test_a_library_has_one_home(library: str) -> None:
    """Whoever replaces it changes one file."""
    homes = {path for path, name in imports(PACKAGE) if name.split(".")[0] == library}
    assert homes == {ONLY[library]}


def test_the_bootstrap_knows_neither_the_operations_nor_the_command_line() -> None:
    """They call it, never the other way."""
    for path, name in imports(PACKAGE / "bootstrap"):
        assert not name.startswith(("infra.operations", "infra.cli", "tests")), f"{path} imports {name}"


def test_a_script_for_the_host_needs_its_python_alone() -> None:
    """Nothing is installed when they run; the agent's own code is what `mark` was given."""
    for path, name in imports(PACKAGE / "bootstrap" / "files"):
        assert name.split(".")[0] in {*sys.stdlib_module_names, "zagent"}, f"{path} imports {name}"
