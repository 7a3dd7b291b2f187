"""The road with a second copy, without its pictures: what was lost comes back, and a step can be disproved."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo import plan
from tests.demo.agent_road import environment
from tests.demo.protection_road import CACHE, LORA, PERSON, WEIGHTS, ProtectionRoad
from tests.demo.road import Disproved
from tests.standin import Hub
from tests.weights import files


@pytest.fixture
def road(tmp_path: Path) -> Iterator[ProtectionRoad]:
    """Weights were pulled into a folder, then the hub was stopped; a second folder is for the copies."""
    restic = plan.look(tmp_path, quick=True).restic
    if restic is None:
        pytest.skip("no restic that zagent takes: install restic")
    data, system = tmp_path / "data", tmp_path / "system-disk"
    with Hub(files.repository()) as hub:
        made = ProtectionRoad(
            pictures=tmp_path,
            hub_bytes=lambda: hub.body_bytes,
            environment=environment(data, system, hub.url),
            data=data,
            system=system,
            hub=hub,
            address=hub.url,
            disk=None,
            copies=tmp_path / "second-disk",
            second=None,
            restic=restic,
        )
        for step in (made.make_disk, made.adopt, made.pull, made.stop_hub, made.backup):
            step()
        yield made


def weights(road: ProtectionRoad) -> dict[str, bytes]:
    """Whatever lies where the weights do."""
    return files.below(road.data / WEIGHTS)


def test_what_was_lost_comes_back(road: ProtectionRoad) -> None:
    """Weights and LoRA are byte for byte what they were, without one from the hub; by hand as well."""
    before, sent = weights(road), road.hub_bytes()
    lora = (road.data / LORA).read_bytes()
    road.lose()
    assert not weights(road)
    assert not (road.data / LORA).exists()
    said = road.bring_back()
    assert f"and {len(before) - 1} of {len(before)} weights back" in said
    assert weights(road) == before
    assert (road.data / LORA).read_bytes() == lora
    road.restore_by_hand()
    assert road.hub_bytes() == sent


def test_a_mirror_that_served_what_it_should_not_is_no_proof(road: ProtectionRoad) -> None:
    """Here nobody damaged it, so that all came from there; the road tells the difference."""
    shutil.rmtree(road.data / CACHE)
    shutil.rmtree(road.data / PERSON)
    with pytest.raises(Disproved, match="restore:staged"):
        road.bring_back()


def test_bytes_that_differ_from_the_document_are_not_accepted(road: ProtectionRoad) -> None:
    """The newest state of the repository is of a LoRA that changed after the document was written."""
    files.flip(road.data / LORA)
    road.zagent("backup", "now", "archive")
    with pytest.raises(Disproved, match=f"{LORA}: FAILED"):
        road.restore_by_hand()


def test_without_restic_the_second_copy_is_left_out_and_said(
    road: ProtectionRoad, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a part like any other: neither in the introduction nor among the steps."""
    whole = [name for name, _ in road.steps()]
    monkeypatch.setenv("PATH", str(tmp_path))
    parts = plan.look(tmp_path, quick=True)
    assert "a second copy of the weights" in [one.part for one in parts.left_out]
    assert not [line for line in parts.lines() if "restic alone" in line]
    road.restic = parts.restic
    assert [name for name, _ in road.steps()] == whole[:-4]
