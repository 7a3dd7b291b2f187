"""What the agent runs on: its code, an interpreter, the packages. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from infra.bootstrap import agent, wheelhouse
from infra.bootstrap.checking import SCRIPT, UNIT, unit
from infra.bootstrap.facts.model import Facts, Python
from infra.bootstrap.facts.parsers import TOO_SLOW
from infra.bootstrap.files import script
from infra.bootstrap.runtime import Runtime, lock_text, rescue
from infra.bootstrap.steps.base import Step
from infra.bootstrap.steps.files import Place, Unpack
from infra.bootstrap.steps.runtime import Check, Compile, Enable, PlaceList
from infra.bootstrap.want import AGENTS, RUNTIME_STAMPS, RUNTIME_UNIT, RUNTIME_UNIT_ENABLED, RUNTIMES, Want
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
    hint = "take an image with Python 3.10 to 3.13: set amiId, `pulumi destroy`, `pulumi up`"
    raise HostUnsuitable(address=facts.address, why=what, hint=hint)


def agent_steps(facts: Facts, python: Python, want: Want) -> Iterator[Step]:
    """What lies on the system disk: the agent's own code, and the few packages that it needs without the volume."""
    key, small = agent.key(), rescue(lock_text(), python)
    if f"{AGENTS}/{key}" not in facts.placed:
        yield Unpack("the agent", AGENTS, key, agent.archive, python.executable)
    if small.folder not in facts.placed:
        make = partial(wheelhouse.archive, small, want.python_index_url)
        yield Unpack("the rescue environment", AGENTS, small.name, make, python.executable)


@dataclass(frozen=True)
class RuntimePlan:
    """What to do about the packages on the volume, once it is mounted."""

    facts: Facts
    runtime: Runtime
    want: Want

    @property
    def is_known(self) -> bool:
        """Whether the host could say what of the packages is on its volume: it has their list, or has none of them."""
        checked = self.facts.checked
        is_listed = checked is not None and checked.folder == self.runtime.folder
        return is_listed or self.runtime.folder not in self.facts.placed

    def steps(self) -> list[Step]:
        """Until they are known, no more than their list.

        Raises:
            HostUnsuitable: they could not be read in time.
        """
        if self._differing == (TOO_SLOW,):
            hint = "run the same command again: what was read comes faster now; if not, look at `dmesg` on the host"
            raise HostUnsuitable(address=self.facts.address, why=f"its packages were {TOO_SLOW}", hint=hint)
        if not self.is_known:
            return [self._list()]
        changes = [*self._packages(), *self._unit()]
        return [*changes, Check()] if changes or not self._is_stamped else []

    def _list(self) -> Step:
        return PlaceList(partial(wheelhouse.listing, self.runtime, self.want.python_index_url))

    def _packages(self) -> Iterator[Step]:
        differing = self.runtime.folder not in self.facts.placed or self._differing
        if differing:
            make = partial(wheelhouse.archive, self.runtime, self.want.python_index_url)
            yield self._list()
            yield Unpack("the packages", RUNTIMES, self.runtime.name, make)
        if differing or self.runtime.compiled not in self.facts.placed:
            yield Compile(self.runtime)

    @property
    def _differing(self) -> tuple[str, ...]:
        return self.facts.checked.differing if self.facts.checked else ()

    def _unit(self) -> Iterator[Step]:
        text = unit(self.runtime.python.executable)
        if not self.facts.has(SCRIPT, script("check"), 0o644):
            yield Place(SCRIPT, script("check"))
        is_there = self.facts.has(RUNTIME_UNIT, text, 0o644)
        if not is_there:
            yield Place(RUNTIME_UNIT, text)
        if not is_there or RUNTIME_UNIT_ENABLED not in self.facts.placed or UNIT in self.facts.unread:
            yield Enable()

    @property
    def _is_stamped(self) -> bool:
        return f"{RUNTIME_STAMPS}/{self.runtime.name}" in self.facts.placed
