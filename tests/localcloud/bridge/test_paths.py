"""Property paths, as text and back."""

from __future__ import annotations

import pytest

from tests.localcloud.bridge.paths import Path, covers, parsed, written

PATHS = {
    "tags": ("tags",),
    "rootBlockDevice.volumeSize": ("rootBlockDevice", "volumeSize"),
    "routes[0].cidrBlock": ("routes", 0, "cidrBlock"),
    'tags["zagent:format"]': ("tags", "zagent:format"),
    'tags["a.b[0]"].c': ("tags", "a.b[0]", "c"),
    'tags["say \\"x\\""]': ("tags", 'say "x"'),
}


@pytest.mark.parametrize(("text", "path"), PATHS.items())
def test_a_path_is_written_as_pulumi_writes_it(text: str, path: Path) -> None:
    """And read again."""
    assert written(path) == text
    assert parsed(text) == path


@pytest.mark.parametrize(
    ("pattern", "path", "does"),
    [
        ("tags", 'tags["a.b"]', True),
        ('tags["a.b"]', "tags", False),
        ("routes[*].cidrBlock", "routes[3].cidrBlock", True),
        ("routes[2].cidrBlock", "routes[3].cidrBlock", False),
        ("tags.*", "tags.a", True),
        ("tag", "tags", False),
    ],
)
def test_a_path_covers_what_lies_in_it(pattern: str, path: str, does: bool) -> None:
    """`*` stands for any step."""
    assert covers(parsed(pattern), parsed(path)) is does
