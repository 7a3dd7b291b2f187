"""What a person would miss of a system disk, and nothing that came with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from infra.bootstrap.files import valuables
from infra.bootstrap.gather import on_host


def looked(*words: object) -> list[str]:
    """The paths that the script finds."""
    done = subprocess.run(
        on_host("valuables", *map(str, words), python=sys.executable), capture_output=True, text=True, check=True
    )
    return [path for path, _ in json.loads(done.stdout)]


def test_what_is_counted(tmp_path: Path) -> None:
    """Files of people, the largest first; of hidden folders only large ones; neither links nor what is left out."""
    large = b"x" * valuables.LARGE
    for path, content in (
        ("home/picture.png", b"small"),
        ("home/lora.safetensors", large),
        ("home/.bash_history", b"small"),
        ("home/.cache/modelscope/weights", large),
        ("home/an odd\nname", b"x"),
        ("opt/zagent/code", large),
        ("opt/theirs", b"x"),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    (tmp_path / "home/link").symlink_to("/etc/passwd")
    folders = [tmp_path / "home", tmp_path / "opt", tmp_path / "nowhere"]
    found = looked(*folders, "--", tmp_path / "opt/zagent")
    assert set(found[:2]) == {f"{tmp_path}/home/lora.safetensors", f"{tmp_path}/home/.cache/modelscope/weights"}
    assert sorted(found[2:]) == sorted(
        f"{tmp_path}/{one}" for one in ("home/picture.png", "home/an odd\nname", "opt/theirs")
    )


def test_what_came_with_the_image_is_not(tmp_path: Path) -> None:
    """Only what changed after the disk came to life; a time of change can't be set by hand."""
    (tmp_path / "old").write_text("x")
    (tmp_path / "born").write_text("x")
    since = valuables.born((str(tmp_path / "nothing"), str(tmp_path / "born")))
    assert since == (tmp_path / "born").stat().st_ctime
    assert list(valuables.valuables(tmp_path, frozenset(), since)) == []
    os.utime(tmp_path / "old", (0, 0))
    assert [path for path, _ in valuables.valuables(tmp_path, frozenset(), since - 1)] == [
        str(tmp_path / one) for one in ("born", "old")
    ]
    assert valuables.born(()) == 0.0
