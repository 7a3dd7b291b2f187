"""The marker: what is written is read back, and whatever is not a marker is refused with the right advice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from zagent.errors import MarkerDamaged
from zagent.volume import marker
from zagent.volume.layout import Layout

GOOD: dict[str, Any] = {
    "data_id": "9b2f",
    "fs_uuid": "6f1f5e9c",
    "fs_type": "xfs",
    "kind": "data-disk",
    "created": "2026-01-01T00:00:00+00:00",
    "project": "studio",
    "stack": "dev",
    "lineage": ["vol0aaa"],
    "schema": 1,
}


def at(root: Path, content: bytes) -> Layout:
    """A root whose marker has this content."""
    layout = Layout(root)
    layout.own.mkdir()
    layout.marker.write_bytes(content)
    return layout


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """Every field, also those that are None."""
    for project in (None, "studio"):
        made = marker.new("data-disk", "xfs", "6f1f", project=project, lineage=("vol0aaa", "vol0bbb"))
        marker.write(tmp_path, made)
        assert marker.read(Layout(tmp_path)) == made


def test_no_marker_is_no_error(tmp_path: Path) -> None:
    """A missing root, a bare one, and a file where the folder should be."""
    assert marker.read(Layout(tmp_path / "nothing")) is None
    assert marker.read(Layout(tmp_path)) is None
    (tmp_path / ".zagent").write_text("")
    assert marker.read(Layout(tmp_path)) is None


def test_two_markers_never_share_an_id() -> None:
    """The data id tells one life of data from another."""
    assert marker.new("data-disk", "xfs", None).data_id != marker.new("data-disk", "xfs", None).data_id


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\0" * 300, b"\xff\xfe", b"[]", b"null", b'"xfs"', json.dumps(GOOD).encode()[:-20]],
    ids=["empty", "cut", "zeros", "not text", "list", "null", "string", "truncated"],
)
def test_what_is_no_marker_is_damaged(tmp_path: Path, content: bytes) -> None:
    """One error, whose remedy names the file and the folder as a shell takes them."""
    root = tmp_path / "my disk"
    root.mkdir()
    layout = at(root, content)
    with pytest.raises(MarkerDamaged) as raised:
        marker.read(layout)
    assert f"rm '{layout.marker}'; zagent volume adopt '{root}'" in raised.value.advice


WRONG: list[object] = [7, [], {}, "", [1]]
FITTING = [("lineage", []), ("schema", 7)]
"""A data root on disks without serial numbers; a later version's, which has an error of its own."""


@pytest.mark.parametrize(
    ("field", "wrong"), [(name, wrong) for name in GOOD for wrong in WRONG if (name, wrong) not in FITTING]
)
def test_a_field_that_is_wrong_is_named(field: str, wrong: object) -> None:
    """A lineage of a string's letters or a number as an id would be carried on for years."""
    with pytest.raises(ValueError, match=f"{field} missing or wrong"):
        marker.parse(json.dumps({**GOOD, field: wrong}).encode())


@pytest.mark.parametrize("field", GOOD)
def test_a_field_that_is_missing_is_named(field: str) -> None:
    """Also one that may be null."""
    content = {name: value for name, value in GOOD.items() if name != field}
    with pytest.raises(ValueError, match=f"{field} missing or wrong"):
        marker.parse(json.dumps(content).encode())


def test_a_good_marker_is_understood() -> None:
    """The one that all the wrong ones are made from, also without serial numbers."""
    assert marker.parse(json.dumps(GOOD).encode()).lineage == ("vol0aaa",)
    assert marker.parse(json.dumps({**GOOD, "lineage": []}).encode()).lineage == ()


def test_an_unknown_field_is_refused() -> None:
    """Written by hand or by something else: nothing is read past it."""
    with pytest.raises(ValueError, match="colour unknown"):
        marker.parse(json.dumps({**GOOD, "colour": "blue"}).encode())


def test_a_later_schema_asks_for_an_upgrade(tmp_path: Path) -> None:
    """Never for the deletion of a marker that is in order; fields to come don't matter."""
    layout = at(tmp_path, json.dumps({**GOOD, "schema": 2, "kind": "cloud", "colour": "blue"}).encode())
    with pytest.raises(MarkerDamaged, match="schema 2") as raised:
        marker.read(layout)
    assert "upgrade zagent" in raised.value.advice
    assert "rm " not in raised.value.advice


@pytest.mark.parametrize(
    ("project", "stack", "said"),
    [(None, None, "no project"), ("a", None, "project a"), ("a", "dev", "project a/dev")],
)
def test_an_owner_is_said_in_words(project: str | None, stack: str | None, said: str) -> None:
    """A project without a stack is no None."""
    assert marker.new("data-disk", "xfs", None, project=project, stack=stack).owner == said
