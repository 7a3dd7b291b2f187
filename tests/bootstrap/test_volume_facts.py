"""What a host tells of a mounted volume that somebody else wrote: a real XFS filesystem."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from infra.bootstrap.facts import parsers
from infra.bootstrap.facts.commands import HOMES, LOOK, READ
from tests.bootstrap.disk import run

pytestmark = pytest.mark.root


def asked(command: str, root: Path) -> tuple[int, str]:
    """What a fact's command says of the data root."""
    done = subprocess.run(
        ["sh", "-c", command],
        env={**os.environ, "ROOT": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


def test_a_marker_is_read_where_it_lies(root: Path) -> None:
    """On a volume that is as it should be."""
    (root / ".zagent/volume.json").write_text("{}")
    found = parsers.content(*asked(LOOK, root))
    assert found is not None
    assert found.marker == "{}"


@pytest.mark.parametrize("planted", ["a link", "a link on the way", "a pipe", "a folder"])
def test_what_is_no_file_of_the_volume_is_no_marker(root: Path, system: Path, planted: str) -> None:
    """It neither shows a file of the system disk, nor lets anybody wait."""
    marker = root / ".zagent/volume.json"
    (system / "volume.json").write_text("secret")
    if planted == "a link":
        marker.symlink_to(system / "volume.json")
    elif planted == "a pipe":
        os.mkfifo(marker)
    elif planted == "a folder":
        marker.mkdir()
    else:
        marker.parent.rmdir()
        marker.parent.symlink_to(system)
    found = parsers.content(*asked(LOOK, root))
    assert found is not None
    assert found.marker == ""
    assert asked(f'{READ}"$ROOT/.zagent/users.json"', root)[1] == ""


def test_a_filesystem_that_was_shut_down_is_no_empty_one(root: Path) -> None:
    """It stays mounted, and answers every question with an error: what XFS does when its disk fails."""
    run("xfs_io", "-x", "-c", "shutdown", root)
    assert parsers.content(*asked(LOOK, root)) is None


def test_the_owners_of_folders_behind_a_link_are_nobodys(root: Path, system: Path) -> None:
    """`users -> /home` would make this host's own people the volume's."""
    (system / "somebody").mkdir()
    (root / "users/ubuntu").mkdir()
    assert [*parsers.homes(*asked(HOMES, root))] == ["ubuntu"]
    (root / "users/ubuntu").rmdir()
    (root / "users").rmdir()
    (root / "users").symlink_to(system)
    assert [*parsers.homes(*asked(HOMES, root))] == []
