"""A volume from elsewhere, over several converges: what it brings is set aside once, what is named later never."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from infra.bootstrap.facts.model import Content, Facts
from infra.bootstrap.permission import Permission, Record, Vouched
from infra.bootstrap.plan.host import plan
from infra.bootstrap.steps.base import Step, Target
from infra.bootstrap.steps.volume import Finish, Mark, SetAside
from infra.errors import FormatRefused, MountRefused
from tests.bootstrap.local_host import Noted
from tests.unit.test_bootstrap_backup import Told
from tests.unit.test_bootstrap_plan import MARKER, SERIAL, SIZE, WANT, brought, converged

ADOPTED = Record(SIZE, ours=True)
"""What the tags say of a volume that volumeId named, and of which nothing tells where it was made."""


def clone(*lineage: str) -> Facts:
    """A host with a data root that lived on these disks; it backs up to a place that somebody named."""
    facts, _ = converged()
    listed = {"schema": 1, "destinations": [{"name": "stack", "kind": "mirror", "address": "/mnt/other"}]}
    content = Content((".zagent",), json.dumps({**MARKER, "lineage": lineage}))
    return replace(facts, content=content, destinations=json.dumps(listed))


def noted(steps: list[Step], permission: Permission) -> list[type[Step]]:
    """What kinds of steps there are; those that note something are taken."""
    for one in steps:
        if isinstance(one, Finish):
            one.take(Target(Told(), permission, print))
    return [type(one) for one in steps]


def test_what_is_named_after_a_person_vouched_stays() -> None:
    """`pulumi up` says converge --serial; that sets aside, marks and notes; `pulumi up` again has nothing to do."""
    kept = Noted(ADOPTED)
    with pytest.raises(MountRefused, match="never on this one"):
        plan(clone("volold"), WANT, kept.read())
    vouched = Vouched(kept)
    steps = plan(clone("volold"), WANT, vouched.read())
    assert noted(steps, vouched) == [SetAside, Mark, Finish]
    for permission in (kept, vouched):
        assert plan(clone("volold", SERIAL), WANT, permission.read()) == []


def test_a_note_that_was_cut_off_is_made_up_for() -> None:
    """With --serial or without, whichever comes next; no volume that is not the stack's gets one."""
    for way in (Noted, lambda record: Vouched(Noted(record))):
        permission = way(ADOPTED)
        assert Finish in noted(plan(clone("volold", SERIAL), WANT, permission.read()), permission)
        assert plan(clone("volold", SERIAL), WANT, permission.read()) == []
    stranger = Vouched(Noted(Record(SIZE)))
    assert plan(clone("volold", SERIAL), WANT, stranger.read()) == []


@pytest.mark.parametrize("kept", [Record(SIZE, ours=True, made_here=True, blank_born=True), ADOPTED, Record(SIZE)])
def test_nobody_formats_by_vouching(kept: Record) -> None:
    """Also not the stack's own new volume, which a converge without --serial would format."""
    facts, _ = brought()
    with pytest.raises(FormatRefused):
        plan(facts, WANT, Vouched(Noted(kept)).read())
