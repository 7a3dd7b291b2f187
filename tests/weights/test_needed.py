"""Which files are chosen, and which repositories are refused: cases of an index and a listing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from zagent.errors import NotAModel, UsageError
from zagent.weights.model import Model
from zagent.weights.needed import Listed, select

CASES = json.loads((Path(__file__).parent.parent / "cases/needed.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_repository(case: dict[str, object]) -> None:
    """The files wanted are chosen, or the refusal says why."""
    index, paths = json.dumps(case["index"]).encode(), case["files"]
    assert isinstance(paths, list)
    listing = [Listed(path, 1) for path in paths]
    if "refused" in case:
        with pytest.raises(NotAModel) as caught:
            select(listing, index, "owner/name")
        assert str(case["refused"]) in caught.value.message
    else:
        assert [one.path for one in select(listing, index, "owner/name")] == case["wanted"]


@pytest.mark.parametrize("name", ["", "name", "a/b/c", "../x", "a/..", "a/b\n", "a b/c", "/a/b", "a//b", "-a/b"])
def test_a_name_that_could_lead_elsewhere_is_no_model(name: str) -> None:
    """Only owner/name, of plain characters."""
    with pytest.raises(UsageError):
        Model(name)


@pytest.mark.parametrize("revision", ["", "..", "a/b", "v1\n", "-x", "a@b"])
def test_a_revision_that_could_lead_elsewhere_is_none(revision: str) -> None:
    """A revision names a folder and a manifest."""
    with pytest.raises(UsageError):
        Model(revision=revision)
