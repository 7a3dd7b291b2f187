"""The direction of imports, and who alone may import what."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import zagent

import infra

PACKAGE = Path(zagent.__file__).parent
INFRA = Path(infra.__file__ or "").parent

ONLY = {
    "modelscope_hub": ("weights/hub.py",),
    "modelscope": (),
    "torch": ("generate/engine",),
    "diffusers": ("generate/engine",),
    "transformers": ("generate/engine",),
    "safetensors": ("generate/engine",),
    "rich": ("cli/output.py",),
    "typer": ("cli/",),
}

LAYERS = [
    {"address", "user", "points", "text"},
    {"errors", "rescue"},
    {"volume.layout"},
    {"settings", "durable", "beneath", "erase"},
    {"lock", "volume"},
    {"weights"},
    {"protect"},
    {"schedule", "gc"},
    {"generate"},
    {"doctor"},
    {"status"},
    {"cli", "__main__"},
]
"""A module may import from its own layer and those above it in this list."""


INFRA_ONLY = {
    "fabric": ("bootstrap/ssh/fabric_host.py",),
    "pulumi": ("__main__.py", "lookup/known.py", "components/", "bootstrap/resource.py"),
    "pulumi_aws": ("components/",),
    "pulumi_policy": ("policy/",),
    "typer": ("cli/",),
}


def modules(package: Path = PACKAGE) -> Iterator[tuple[str, ast.Module]]:
    """Every module of a package by its path below it."""
    for path in sorted(package.rglob("*.py")):
        yield path.relative_to(package).as_posix(), ast.parse(path.read_text())


def imports(tree: ast.AST, *, anywhere: bool = True) -> Iterator[str]:
    """The dotted names that a module imports, at its top or also inside functions."""
    nodes = ast.walk(tree) if anywhere else iter(getattr(tree, "body", []))
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{one.name}" for one in node.names)


def layer(name: str) -> int:
    """The place in LAYERS of a module, by the longest entry that holds it."""
    found = [
        (len(entry), at)
        for at, entries in enumerate(LAYERS)
        for entry in entries
        if name == entry or name.startswith(entry + ".")
    ]
    assert found, f"{name} stands in no layer"
    return max(found)[1]


@pytest.mark.parametrize("library", ONLY)
def test_a_library_is_imported_only_where_it_belongs(library: str) -> None:
    """Each heavy library has one home."""
    for name, tree in modules():
        found = any(one == library or one.startswith(library + ".") for one in imports(tree))
        assert not found or name.startswith(ONLY[library] or "nowhere"), f"{name} imports {library}"


@pytest.mark.parametrize("library", INFRA_ONLY)
def test_a_library_of_the_operators_half_has_its_place(library: str) -> None:
    """SSH has one adapter; what decides and what acts on a host knows no engine."""
    for name, tree in modules(INFRA):
        found = any(one == library or one.startswith(library + ".") for one in imports(tree))
        assert not found or name.startswith(INFRA_ONLY[library]), f"{name} imports {library}"


def test_the_agent_knows_nothing_of_the_cloud_and_neither_of_the_tests() -> None:
    """Infra may import zagent, never the reverse; no product code imports a test."""
    for package, forbidden in ((PACKAGE, ("infra", "tests")), (INFRA, ("tests",))):
        for name, tree in modules(package):
            assert not [one for one in imports(tree) if one.split(".")[0] in forbidden], name


def test_imports_point_one_way() -> None:
    """No module imports from a layer below its own."""
    for name, tree in modules():
        own = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if own == "__init__":
            continue
        for one in imports(tree):
            target = one.removeprefix("zagent.")
            if one.startswith("zagent.") and target != "__version__":
                assert layer(target) <= layer(own), f"{own} imports {target}"


def test_start_is_light() -> None:
    """`zagent --help` loads no heavy library."""
    script = "import sys, zagent.cli.commands; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    for library in ("torch", "diffusers", "modelscope_hub", "requests", "rich", "PIL", "dotenv", "asyncio"):
        assert library not in loaded


def test_every_crash_point_has_a_literal_name_of_its_own() -> None:
    """The fault tests can find each point, and no two share a name."""
    calls = [
        node.args[0]
        for _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "points.reached"
    ]
    names = [one.value for one in calls if isinstance(one, ast.Constant)]
    assert len(names) == len(calls) == len(set(names))
