"""What the agent no longer runs on, of its code, its packages and what they were compiled to. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from infra.bootstrap import agent
from infra.bootstrap.facts.model import Facts
from infra.bootstrap.files import outdated
from infra.bootstrap.runtime import Runtime, lock_text, rescue
from infra.bootstrap.steps.base import Step
from infra.bootstrap.steps.outdated import RemoveOutdated
from infra.bootstrap.want import AGENTS, RUNTIME_STAMPS, RUNTIMES


def steps(facts: Facts, runtime: Runtime) -> Iterator[Step]:
    """To be taken when all that runs from now on is in place: none is kept but that, and what processes run from.

    Nothing is removed where the processes could not be looked at.
    """
    small = rescue(lock_text(), runtime.python)
    keep = (f"{AGENTS}/{agent.key()}", small.folder, runtime.folder, runtime.compiled)
    found = tuple(sorted(one for one in facts.placed if one not in keep and _is_free(one, facts.used)))
    if found:
        yield RemoveOutdated(found, keep, f"{RUNTIME_STAMPS}/{runtime.name}")


def _is_free(path: str, used: frozenset[str] | None) -> bool:
    key = outdated.key(Path(path)) if str(Path(path).parent) in (AGENTS, RUNTIMES) else ""
    return bool(key) and used is not None and key not in used
