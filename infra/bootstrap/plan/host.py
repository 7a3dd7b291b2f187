"""Facts and a want in, the next steps out, or a refusal. Pure.

What a disk holds is not known without the tools of XFS, what a mount will show not before it is mounted, nor what is
wrong with its packages before their list is there, so a plan ends there; the next facts bring the rest. A host is as
wanted when its plan is empty.
"""

from __future__ import annotations

from infra.bootstrap import agent
from infra.bootstrap.facts.model import Facts
from infra.bootstrap.permission import Record
from infra.bootstrap.plan import backup, files, gpu, outdated, runtime
from infra.bootstrap.plan.adoption import Adoption
from infra.bootstrap.plan.runtime import RuntimePlan
from infra.bootstrap.plan.users import UsersPlan
from infra.bootstrap.plan.volume import VolumePlan
from infra.bootstrap.runtime import lock_text, rescue, resolve
from infra.bootstrap.steps.backup import BeginBackup
from infra.bootstrap.steps.base import Step
from infra.bootstrap.steps.pull import Pull
from infra.bootstrap.steps.schedule import Schedule
from infra.bootstrap.steps.tools import InstallTools
from infra.bootstrap.want import Want
from infra.errors import FormatRefused, MountRefused


def plan(facts: Facts, want: Want, record: Record) -> list[Step]:
    """The steps that lead on from these facts.

    Raises:
        DiskMissing, MountRefused, FormatRefused, HostUnsuitable: none may be taken.
    """
    if not facts.tools:
        return [InstallTools()]
    python = runtime.suitable(facts)
    packages = resolve(lock_text(), python, facts.image)
    volume = VolumePlan(facts, want, record, python.executable, agent.key(), rescue(lock_text(), python).folder)
    gpu.require(facts, packages)
    until_mounted = _until_mounted(list(runtime.agent_steps(facts, python, want)), volume)
    if until_mounted or facts.mount is None:
        return until_mounted
    installed = RuntimePlan(facts, packages, want)
    prepared = [*UsersPlan(facts, want).steps(), *installed.steps()]
    if not installed.is_known:
        return prepared
    scheduled, adding = Schedule(python.executable, agent.key()), list(backup.steps(facts, want))
    return [
        *prepared,
        *files.steps(facts, packages, want),
        *outdated.steps(facts, packages),
        *([] if facts.schedule else [scheduled]),
        *([Pull()] if want.pull and not facts.weights else []),
        *([*adding, scheduled] if adding else []),  # the services may write where the destinations are, no more
        *([BeginBackup()] if adding and (want.pull or facts.weights) else []),
    ]


def _until_mounted(brought: list[Step], volume: VolumePlan) -> list[Step]:
    """The agent, then the volume. A refusal whose remedy is typed to the agent waits until that is there."""
    try:
        return [*brought, *volume.steps()]
    except (FormatRefused, MountRefused) as refused:
        if brought and isinstance(refused.facts["hint"], Adoption):
            return brought
        raise
