"""The files of the system disk that point at the volume. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from infra.bootstrap import agent
from infra.bootstrap.environment import agent_env, environment, profile
from infra.bootstrap.facts.model import Facts
from infra.bootstrap.launcher import launcher
from infra.bootstrap.runtime import Runtime, lock_text, rescue
from infra.bootstrap.steps.base import Step
from infra.bootstrap.steps.files import Place
from infra.bootstrap.want import AGENT_ENV, ENVIRONMENT, LAUNCHER, PROFILE, Want


def steps(facts: Facts, runtime: Runtime, want: Want) -> Iterator[Step]:
    """Those that are not what they should be."""
    wanted = [
        Place(AGENT_ENV, agent_env(want)),
        Place(PROFILE, profile()),
        Place(LAUNCHER, launcher(want, runtime, rescue(lock_text(), runtime.python), agent.key()), 0o755),
    ]
    yield from (one for one in wanted if not facts.has(one.path, one.content, one.mode))
    everybody = environment(facts.environment, want)
    if everybody != facts.environment:
        yield Place(ENVIRONMENT, everybody)
