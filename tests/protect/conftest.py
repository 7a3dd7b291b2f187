"""A place with weights, and one with a mirror of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.protect.place import Place
from tests.weights import files
from tests.weights.conftest import adopted


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A data root with the small model on it; the mirror is not made yet."""
    made = Place(adopted(tmp_path / "data"), tmp_path / "copy")
    made.fill(files.needed())
    return made


@pytest.fixture
def mirrored(place: Place) -> Place:
    """The same, backed up."""
    place.backup()
    return place
