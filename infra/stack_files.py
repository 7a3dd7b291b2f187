"""A stack's settings as the files of its project have them: without the engine, its state and its passphrase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from infra.errors import BadSetting, NoStack, StackUnreadable
from infra.settings import Settings, load

PROJECT_FILE = "Pulumi.yaml"

CALLER = ("aws:region", "aws:profile")
"""Where AWS is asked, and as whom."""

NO_YAML = (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError)
"""What PyYAML raises for a text that is none; all but the first for a value that is not of the kind it says it is."""


class _Loader(yaml.SafeLoader):
    """Reads YAML as the engine does: 13:30 is a text, not a number to the base 60."""


def _number(loader: _Loader, node: yaml.ScalarNode) -> int | str:
    return node.value if ":" in node.value else loader.construct_yaml_int(node)


_Loader.add_constructor("tag:yaml.org,2002:int", _number)


def from_files(folder: Path, stack: str = "") -> Settings:
    """The settings as the files in ``folder`` have them.

    Raises:
        NoStack: no such stack file, or none named where there are several.
        StackUnreadable: one of the two files is damaged.
        BadSetting: a value that can't be.
    """
    path = folder / PROJECT_FILE
    if not path.is_file():
        why = f"there is no {PROJECT_FILE} in {folder.resolve()}"
        raise NoStack(why=why, hint="cd to the folder of zagent's repository; then the same command again")
    project = _yaml(path)
    name, declared = _name(project, path), _config(project, path)
    chosen = _chosen(folder, stack)
    file = folder / f"Pulumi.{chosen}.yaml"
    config = {key: _for_all_stacks(one) for key, one in declared.items()}
    config |= {key.removeprefix(f"{name}:"): value for key, value in _config(_yaml(file), file).items()}
    for key in (*declared, *CALLER):
        _require_readable(key, config.get(key), file.name)
    return load(config.get, lambda key: config.get(f"aws:{key}"), name, chosen)


def _for_all_stacks(declared: Any) -> Any:
    """What Pulumi.yaml itself says of a key: a value, alone or with more words, or a default."""
    return declared.get("value", declared.get("default")) if isinstance(declared, dict) else declared


def _require_readable(key: str, value: object, file: str) -> None:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict) and [*value] == ["secure"]:
        why = "only the engine can read it, with the stack's passphrase"
        raise BadSetting(key=key, file=file, value="a secret", why=why, words=f"--plaintext {key} VALUE")
    for one in inside:
        _require_readable(key, one, file)


def _name(project: Mapping[str, Any], path: Path) -> str:
    found = project.get("name")
    if not isinstance(found, str):
        raise StackUnreadable(file=path.name, why="it has no name")
    return found


def _chosen(folder: Path, stack: str) -> str:
    """The stack that is named, else the only one."""
    found = [one.name.removeprefix("Pulumi.").removesuffix(".yaml") for one in sorted(folder.glob("Pulumi.*.yaml"))]
    if stack in found or (not stack and len(found) == 1):
        return stack or found[0]
    raise NoStack(why=_why_none(found, stack), hint=_hint(found, stack))


def _why_none(found: Sequence[str], stack: str) -> str:
    there = f"there {'is' if len(found) == 1 else 'are'} {', '.join(found)}" if found else "there is none"
    return f"there is no stack {stack} here; {there}" if stack else f"none is named, and {there}"


def _hint(found: Sequence[str], stack: str) -> str:
    if not found:
        return f"pulumi stack init {stack or 'dev'}   makes it, and `pulumi config set …` its file"
    return f"name it: --stack {found[0]}, or `zagent cloud converge {found[0]}`"


def _config(found: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The configuration that was found in a file; empty where it has none."""
    return _table(found.get("config"), path, "config")


def _yaml(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    try:
        return _table(yaml.load(content.decode(), _Loader), path, "it")
    except NO_YAML as error:
        raise StackUnreadable(file=path.name, why=_why(error, content)) from error


def _table(found: Any, path: Path, what: str) -> dict[str, Any]:
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise StackUnreadable(file=path.name, why=f"{what} is no table, of lines such as `name: value`")
    return found


def _why(error: Exception, content: bytes) -> str:
    """What the parser says, behind the number of the line where it knows that."""
    if isinstance(error, UnicodeDecodeError):
        return f"line {content.count(10, 0, error.start) + 1}: it is not UTF-8"
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or error
    return f"line {mark.line + 1}: {said}" if mark else str(said)
