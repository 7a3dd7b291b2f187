"""Bring a host to what it should be: the one function behind `pulumi up` and `zagent cloud converge`."""

from __future__ import annotations

import time

from infra.bootstrap.alone import alone
from infra.bootstrap.gather import gather
from infra.bootstrap.plan.gpu import remark
from infra.bootstrap.plan.host import plan
from infra.bootstrap.ready import ready
from infra.bootstrap.steps.base import Step, Target
from infra.bootstrap.want import Want
from infra.errors import CommandFailed

ROUNDS = 6
"""How often a host is looked at: for its tools, before and after the mount, when all is done, and some to spare."""


def missing(to: Target, want: Want) -> list[Step]:
    """The steps that a converge would begin with; none are taken. What follows a mount shows only after it.

    Raises:
        HostError: a refusal, or the host can't be asked.
    """
    return plan(gather(to.host, want, to.say), want, to.permission.read())


def converge(to: Target, want: Want) -> int:
    """Take steps until the facts need none; the number of steps.

    It can be cut off at any moment and run again. Another one of the same host at the same time is refused.

    Raises:
        HostError: a refusal, or a step that failed.
    """
    with alone(to.host):
        ready(to.host, to.say)
        return _converge(to, want)


def _converge(to: Target, want: Want) -> int:
    begun, taken = time.monotonic(), 0
    for _ in range(ROUNDS):
        facts = gather(to.host, want, to.say)
        steps = plan(facts, want, to.permission.read())
        if not steps:
            took = f"{taken} steps, {time.monotonic() - begun:.0f} s{remark(facts)}"
            to.say(f"{to.host.address} is as wanted: {took}")
            return taken
        for step in steps:
            to.say(f"{time.monotonic() - begun:4.0f} s  {step}")
            step.take(to)
        taken += len(steps)
    raise CommandFailed(address=to.host.address, what="settle", why=f"it still needs: {_words(steps)}")


def _words(steps: list[Step]) -> str:
    return "; ".join(map(str, steps))
