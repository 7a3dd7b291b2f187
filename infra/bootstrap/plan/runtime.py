"""What the agent runs on: its code, an interpreter, the packages. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from infra.bootstrap import agent, wheelhouse
from infra.bootstrap.facts.model import Facts, Python
from infra.bootstrap.runtime import Runtime
from infra.bootstrap.steps.base import Step
from infra.bootstrap.steps.files import Unpack
from infra.bootstrap.want import AGENTS, RUNTIMES, Want
from infra.errors import HostUnsuitable

OLDEST, NEWEST = (3, 10), (3, 13)
"""The Python versions that the agent runs on, both included."""


def suitable(facts: Facts) -> Python:
    """The host's Python.

    Raises:
        HostUnsuitable: there is none that the agent runs on.
    """
    found = facts.python
    if found and OLDEST <= found.version[:2] <= NEWEST:
        return found
    what = f"its Python is {found.minor}" if found else "it has no python3"
    raise HostUnsuitable(address=facts.address, why=what, hint="take an image with Python 3.10 to 3.13: set amiId")


def agent_steps(facts: Facts, python: Python) -> Iterator[Step]:
    """The agent's own code."""
    key = agent.key()
    if f"{AGENTS}/{key}" not in facts.placed:
        yield Unpack("the agent", AGENTS, key, agent.archive, python.executable)


def steps(facts: Facts, runtime: Runtime, want: Want) -> Iterator[Step]:
    """The packages that it needs."""
    if f"{RUNTIMES}/{runtime.key}" not in facts.placed:
        make = partial(wheelhouse.cached, runtime, want.python_index_url)
        yield Unpack("the packages", RUNTIMES, runtime.key, make, runtime.python.executable)
