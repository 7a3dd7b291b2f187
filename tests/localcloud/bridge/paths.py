"""Property paths as Pulumi writes them: ``tags["a.b"]``, ``rootBlockDevice.volumeSize``, ``routes[0].cidrBlock``."""

from __future__ import annotations

import json
import re
from typing import Final

from tests.localcloud.bridge.client import Steps
from tests.localcloud.bridge.schema import Many, Object, Type

Path = tuple[str | int, ...]
"""A path by Pulumi's names; in one that is a pattern, ``*`` stands for any step."""

_STEP: Final = re.compile(r"""\.?([^.\[\]"]+)|\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\[(\*)\]""")
_PLAIN: Final = re.compile(r"[A-Za-z_$][\w$]*")


def written(path: Path) -> str:
    """A path as text."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step)}]"
    return text


def parsed(text: str) -> Path:
    """The path in a text."""
    return tuple(_step(found) for found in _STEP.finditer(text))


def _step(found: re.Match[str]) -> str | int:
    name, quoted, position, star = found.groups()
    if position is not None:
        return int(position)
    return str(json.loads(f'"{quoted}"')) if quoted is not None else name or star


def covers(pattern: Path, path: Path) -> bool:
    """Whether the pattern names the path, or something that the path lies in."""
    return len(pattern) <= len(path) and all(want in ("*", step) for want, step in zip(pattern, path, strict=False))


def translated(kind: Type, steps: Steps) -> Path:
    """The path by Pulumi's names of the provider's path in a value of this type, as far as the type knows it."""
    if not steps:
        return ()
    step, rest = steps[0], steps[1:]
    match kind:
        case Object() if isinstance(step, str) and step in kind.by_name:
            field = kind.by_name[step]
            return (field.pulumi_name, *translated(field.type, rest))
        case Many(flat=True):
            return translated(kind.element, rest)
        case Many():
            return (step, *translated(kind.element, rest))
    return ()
