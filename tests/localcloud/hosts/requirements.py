"""Which lines of requirements.lock a host's image needs: PyTorch and the libraries that run the pipeline on it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

ROOTS = ("accelerate", "diffusers", "torch", "transformers")
GUEST = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.11.2",
    "python_version": "3.11",
    "sys_platform": "linux",
}
"""What the markers of requirements mean in the image, whatever Python this is."""


def lines(lock: Path) -> str:
    """The lock's own lines, hashes and all, of ROOTS and of whatever they depend on.

    Raises:
        importlib.metadata.PackageNotFoundError: this environment lacks one of them, so it can't tell what that needs.
    """
    wanted = closure(ROOTS)
    blocks = re.split(r"\n(?=\S)", lock.read_text().rstrip())
    return "".join(f"{block}\n" for block in blocks if _name(block) in wanted)


def closure(names: Iterable[str]) -> set[NormalizedName]:
    """``names`` and all that they need, extras included, as the packages installed here say."""
    found: set[tuple[NormalizedName, str]] = set()
    waiting = [(canonicalize_name(name), "") for name in names]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += _needed(*one)
    return {name for name, _ in found}


def _needed(name: NormalizedName, extra: str) -> Iterator[tuple[NormalizedName, str]]:
    for line in requires(name) or []:
        needed = Requirement(line)
        if not needed.marker or needed.marker.evaluate(GUEST | {"extra": extra}):
            for one in ("", *needed.extras):
                yield canonicalize_name(needed.name), one


def _name(block: str) -> NormalizedName:
    return canonicalize_name(re.split(r"[^\w.-]", block, maxsplit=1)[0])
