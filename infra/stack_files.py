"""A stack's settings as the files of its project have them: without the engine, its state and its passphrase."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import yaml

from infra.errors import NoStack
from infra.settings import Settings, load

PROJECT_FILE = "Pulumi.yaml"


def from_files(folder: Path, stack: str = "") -> Settings:
    """The settings as the files in ``folder`` have them.

    Raises:
        NoStack: no such stack file, or none named where there are several.
        BadSetting: a value that can't be.
    """
    if not (folder / PROJECT_FILE).is_file():
        raise NoStack(why=f"there is no {PROJECT_FILE} in {folder.resolve()}; run it in the project's folder")
    project = _yaml(folder / PROJECT_FILE)
    name = str(project["name"])
    chosen = stack or _only_stack(folder)
    own: dict[str, Any] = _yaml(_stack_file(folder, chosen)).get("config") or {}
    config = {key: declared.get("default") for key, declared in project["config"].items() if ":" not in key}
    config |= {key.removeprefix(f"{name}:"): value for key, value in own.items()}
    return load(config.get, lambda key: own.get(f"aws:{key}"), name, chosen)


def _only_stack(folder: Path) -> str:
    found = [one.name.removeprefix("Pulumi.").removesuffix(".yaml") for one in sorted(folder.glob("Pulumi.*.yaml"))]
    if len(found) != 1:
        raise NoStack(why=f"the files here are of {', '.join(found)}" if found else "no Pulumi.STACK.yaml is here")
    return found[0]


def _stack_file(folder: Path, stack: str) -> Path:
    path = folder / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        raise NoStack(why=f"there is no {path.name} in {folder.resolve()}")
    return path


def _yaml(path: Path) -> dict[str, Any]:
    return cast(dict[str, Any], yaml.safe_load(path.read_text()) or {})
