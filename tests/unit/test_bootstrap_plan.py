"""Facts in, steps or a refusal out: one small test, driven by the cases in tests/cases/bootstrap."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from zagent.errors import ZagentError
from zagent.volume import users
from zagent.volume.users import Account

from infra.bootstrap import agent
from infra.bootstrap.checking import SCRIPT, unit
from infra.bootstrap.environment import agent_env, environment, profile
from infra.bootstrap.facts.model import Bare, Checked, Content, Disk, Facts, Filesystem, Gpu, Mount, Placed, Python
from infra.bootstrap.files import script
from infra.bootstrap.launcher import launcher
from infra.bootstrap.mounting import fstab, fstab_line, udev_rule
from infra.bootstrap.permission import Record
from infra.bootstrap.plan.host import plan
from infra.bootstrap.runtime import lock_text, rescue, resolve
from infra.bootstrap.steps.files import Place, Unpack
from infra.bootstrap.steps.runtime import PlaceList
from infra.bootstrap.superblock import Superblock
from infra.bootstrap.want import (
    AGENT_ENV,
    AGENTS,
    FSTAB,
    LAUNCHER,
    LAYOUT,
    PROFILE,
    ROOT,
    RUNTIME_STAMPS,
    RUNTIME_UNIT,
    RUNTIME_UNIT_ENABLED,
    RUNTIMES,
    UDEV_RULE,
    Want,
    folders,
)

CASES = sorted((Path(__file__).parent.parent / "cases" / "bootstrap").glob("*.json"))

UUID = "11111111-2222-4333-8444-555555555555"
SERIAL = "vol0123456789abcdef0"
SIZE = 100 << 30
WANT = Want(SERIAL, "ubuntu", "zagent", "dev", fresh_uuid=UUID)
PYTHON = Python("/usr/bin/python3.11", (3, 11, 2), "x86_64", (2, 36))
RUNTIME = resolve(lock_text(), PYTHON, {})
SMALL = rescue(lock_text(), PYTHON)
PEOPLE = {"root": Account(0, 0), "ubuntu": Account(1000, 1000)}
LISTED = {"ubuntu": Account(1000, 1000), "zagent": Account(998, 998)}
MARKER = {
    "data_id": "d",
    "fs_uuid": UUID,
    "fs_type": "xfs",
    "kind": "data-disk",
    "created": "2026-01-01T00:00:00+00:00",
    "project": "zagent",
    "stack": "dev",
    "lineage": [SERIAL],
    "schema": 1,
}
SYSTEM = Disk("/dev/nvme0n1", "vol0aaaaaaaaaaaaaaaa", 30 << 30, ("/",))
DECOY = Disk("/dev/nvme1n1", "AWS-decoy", 250 << 30)
DATA = Disk("/dev/nvme2n1", SERIAL, SIZE)
DONE = Record(SIZE, ours=True, made_here=True, blank_born=True, phase="done", uuid=UUID)


def new() -> tuple[Facts, Record]:
    """A host that just booted for the first time, with a blank volume."""
    facts = Facts(
        address="ubuntu@192.0.2.7",
        disks=(SYSTEM, DECOY, DATA),
        filesystem=None,
        superblock=None,
        mount=None,
        content=None,
        fstab="UUID=root / ext4 defaults 0 1\n",
        placed={},
        accounts=PEOPLE,
        python=PYTHON,
        image={},
        weights=False,
        mkfs=(6, 1),
    )
    return facts, Record(SIZE, ours=True, made_here=True, blank_born=True)


def brought() -> tuple[Facts, Record]:
    """The same with the agent's code and the rescue environment on its system disk."""
    facts, record = new()
    folders = (f"{AGENTS}/{agent.key()}", SMALL.folder)
    return replace(facts, placed={one: Placed("755", 0, "") for one in folders}), record


def mounted() -> tuple[Facts, Record]:
    """The same after the first half: the volume is formatted, mounted and marked; nothing else is done."""
    facts, _ = new()
    table = fstab(facts.fstab, fstab_line("xfs", UUID))
    facts = replace(
        facts,
        disks=(SYSTEM, DECOY, replace(DATA, mounted_at=(ROOT,))),
        filesystem=Filesystem("xfs", UUID),
        superblock=Superblock(UUID, in_progress=False, wiped=False),
        mount=Mount(DATA.path, "xfs", UUID),
        content=Content((".zagent", ".zagent/volume.json"), json.dumps(MARKER)),
        fstab=table,
        placed={
            f"{AGENTS}/{agent.key()}": Placed("755", 0, ""),
            SMALL.folder: Placed("755", 0, ""),
            ROOT: Placed("755", 0, ""),
            str(LAYOUT.own): Placed("755", 0, ""),
            **_file(FSTAB, table),
            **_file(UDEV_RULE, udev_rule(SERIAL)),
        },
        covered=SIZE,
        bare=Bare("directory", (), True),
    )
    return facts, DONE


def converged() -> tuple[Facts, Record]:
    """A host that is as wanted."""
    facts, record = mounted()
    placed = {
        **facts.placed,
        **_file(AGENT_ENV, agent_env(WANT)),
        **_file(PROFILE, profile()),
        **_file(LAUNCHER, launcher(WANT, RUNTIME, SMALL, agent.key()), "755"),
        **_file(SCRIPT, script("check")),
        **_file(RUNTIME_UNIT, unit(PYTHON.executable)),
        RUNTIME_UNIT_ENABLED: Placed("777", 0, ""),
        RUNTIME.compiled: Placed("755", 0, ""),
        f"{RUNTIME_STAMPS}/{RUNTIME.name}": Placed("644", 0, ""),
        **_on_volume(),
    }
    facts = replace(
        facts,
        checked=Checked(RUNTIME.folder),
        users=users.text(LISTED),
        environment=environment("", WANT),
        weights=True,
    )
    return replace(facts, placed=placed, accounts={**PEOPLE, **LISTED}), record


def reset() -> tuple[Facts, Record]:
    """The same after its system disk was replaced: the volume hangs there, unmounted."""
    facts, _ = new()
    after, record = converged()
    return replace(facts, filesystem=after.filesystem, superblock=after.superblock, content=after.content), record


def reset_and_mounted() -> tuple[Facts, Record]:
    """The same with the volume mounted again."""
    facts, record = mounted()
    return replace(facts, placed={**facts.placed, **_on_volume()}, users=users.text(LISTED)), record


def _file(path: str, content: str, mode: str = "644") -> dict[str, Placed]:
    import hashlib

    return {path: Placed(mode, 0, hashlib.sha256(content.encode()).hexdigest())}


def _on_volume() -> dict[str, Placed]:
    numbers = {**PEOPLE, **LISTED}
    made = {str(one.path): Placed(f"{one.mode:o}", numbers[one.owner].uid, "") for one in folders(WANT)}
    return {**made, f"{RUNTIMES}/{RUNTIME.key}": Placed("755", 0, "")}


STARTS = {one.__name__: one for one in (new, brought, mounted, converged, reset, reset_and_mounted)}

READERS: dict[str, Any] = {
    "disks": lambda given: tuple(Disk(**{name: _tuple(one) for name, one in disk.items()}) for disk in given),
    "mkfs": lambda given: _tuple(given),
    "bare": lambda given: given and Bare(**{name: _tuple(one) for name, one in given.items()}),
    "filesystem": lambda given: given and Filesystem(**given),
    "superblock": lambda given: given and Superblock(**given),
    "mount": lambda given: given and Mount(**given),
    "accounts": lambda given: {name: Account(number, number) for name, number in given.items()},
    "homes": lambda given: {name: Account(number, number) for name, number in given.items()},
    "users": lambda given: (
        given if isinstance(given, str) else users.text({one: Account(*given[one]) for one in given})
    ),
    "content": lambda given: given and Content(tuple(given["names"]), given["marker"] and _marker(given["marker"])),
    "checked": lambda given: None if given is None else Checked(RUNTIME.folder, tuple(given)),
    "used": lambda given: None if given is None else frozenset(given),
    "unread": frozenset,
    "gpus": lambda given: tuple(Gpu(name, driver, tuple(capability)) for name, driver, capability in given),
    "python": lambda given: given and replace(PYTHON, version=tuple(given)),
}


def _tuple(given: Any) -> Any:
    return tuple(given) if isinstance(given, list) else given


def _marker(changes: str | dict[str, Any]) -> str:
    return changes if isinstance(changes, str) else json.dumps({**MARKER, **changes})


def situation(case: dict[str, Any]) -> tuple[Facts, Want, Record]:
    """What a case describes: where it starts, and what is different."""
    facts, record = STARTS[case["start"]]()
    changes = {name: READERS.get(name, lambda one: one)(given) for name, given in case.get("facts", {}).items()}
    gone = [named(one) for one in case.get("missing", [])]
    changes["placed"] = {path: one for path, one in facts.placed.items() if path not in gone}
    changes["placed"] |= {path: Placed(*given) for path, given in case.get("placed", {}).items()}
    told = {name: _tuple(one) for name, one in case.get("record", {}).items()}
    return replace(facts, **changes), replace(WANT, **case.get("want", {})), replace(record, **told)


FIELDS = {"start", "facts", "missing", "placed", "want", "record"}
OUTCOMES = ({"steps"}, {"steps", "nothing_because"}, {"refusal", "says"}, {"refusal", "says", "advises"})


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case_says_all_that_it_must(path: Path) -> None:
    """One outcome, and nothing that no test reads; without steps, why there are none. ``about`` is for people."""
    case = json.loads(path.read_text())
    told = case.keys() - FIELDS - {"about"}
    assert told in OUTCOMES
    assert bool(case.get("nothing_because")) == (case.get("steps") == [])


KEYS = {"AGENT": agent.key(), "RUNTIME": RUNTIME.key, "RESCUE": SMALL.key}
"""Names for what changes with every change of code."""


def named(path: str) -> str:
    """A path of a case, with the keys of today."""
    return re.sub("|".join(KEYS), lambda found: KEYS[found[0]], path)


def words(step: object) -> str:
    """A step in a line, as a case has it."""
    line = str(step)
    for name, key in KEYS.items():
        line = line.replace(key, name)
    return line


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case_leads_to_its_steps_or_its_refusal(path: Path) -> None:
    """Exactly these steps in this order, or exactly this error with these words."""
    case = json.loads(path.read_text())
    facts, want, record = situation(case)
    if "refusal" in case:
        with pytest.raises(ZagentError) as refused:
            plan(facts, want, record)
        assert type(refused.value).__name__ == case["refusal"]
        assert case["says"] in refused.value.message
        assert case.get("advises", "") in words(refused.value.advice)
        assert "{" not in refused.value.message + refused.value.advice
        return
    assert list(map(words, plan(facts, want, record))) == case["steps"]


def test_no_step_ever_formats_what_is_not_blank() -> None:
    """Of all cases, a format is planned only where the disk shows nothing, or our own half-made filesystem."""
    for path in CASES:
        case = json.loads(path.read_text())
        if any("format" in one for one in case.get("steps", [])):
            facts, _, record = situation(case)
            half_made = facts.superblock and facts.superblock.is_half_made(record.uuid)
            assert facts.filesystem is None or half_made, path.stem
            assert not record.against, path.stem


def test_an_image_without_pytorch_gets_all_of_it_from_the_stacks_index() -> None:
    """The archive that the step sends, and the list, are of the whole runtime; with PyTorch there, of the rest."""
    image = {"/opt/pytorch/lib/python3.11/site-packages": {"torch": "2.13.0+cu130"}}
    for there, is_brought in (({}, True), (image, False)):
        facts, record = mounted()
        want = replace(WANT, python_index_url="http://index/simple")
        steps = plan(replace(facts, image=there), want, record)
        made = [one.archive for one in steps if isinstance(one, Unpack)]
        made += [one.listing for one in steps if isinstance(one, PlaceList)]
        assert len(made) == 2
        for one in made:
            assert isinstance(one, partial)
            runtime, index = one.args
            assert ("torch" in {each.name for each in runtime.packages}, index) == (is_brought, "http://index/simple")


def test_a_file_is_replaced_when_its_mode_or_content_differs() -> None:
    """What root placed is compared as a whole, not by name."""
    facts, record = converged()
    for wrong in (Placed("777", 0, ""), Placed("755", 1000, facts.placed[LAUNCHER].sha256)):
        changed = replace(facts, placed={**facts.placed, LAUNCHER: wrong})
        (step,) = plan(changed, WANT, record)
        assert isinstance(step, Place)
        assert step.path == LAUNCHER
