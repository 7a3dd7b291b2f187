"""The generated pages say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.documentation import DOCS, pages

ROOT = DOCS.parent
PAGES = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_a_generated_page_is_not_stale(page: Path) -> None:
    """docs/ is what `scripts/lint` would write now."""
    assert page.read_text() == pages()[page], "stale: run scripts/lint"


def test_every_link_between_pages_leads_somewhere() -> None:
    """No Markdown link to a file of this repository is dead."""
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_file_that_a_page_names_is_there() -> None:
    """Proof that names a test which is gone is none."""
    for page in PAGES:
        for named in re.findall(r"`((?:agent|docs|infra|scripts|tests)/[\w./-]+)`", page.read_text()):
            assert (ROOT / named).exists(), f"{page.name} names {named}"
