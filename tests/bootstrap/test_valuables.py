"""What a person would miss of a system disk, and nothing that came with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.bootstrap.files import valuables
from infra.bootstrap.gather import on_host
from tests.localcloud.waiting import until


def looked(*words: object) -> list[str]:
    """The paths that the script finds."""
    done = subprocess.run(
        on_host("valuables", *map(str, words), python=sys.executable), capture_output=True, text=True, check=True
    )
    return [path for path, _ in json.loads(done.stdout)]


def put(folder: Path, **files: bytes) -> None:
    """Write files, by their paths below the folder."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def counted(folder: Path) -> list[str]:
    """Their paths below the folder, whenever they changed."""
    return [str(Path(path).relative_to(folder)) for path, _ in valuables.valuables(folder, frozenset(), 0)]


def test_what_is_counted(tmp_path: Path) -> None:
    """Files of people, the largest first; where programs make theirs again, large ones; no links, nothing left out."""
    large = b"x" * valuables.LARGE
    small = ("home/picture.png", "home/an odd\nname", "opt/theirs")
    put(tmp_path, **dict.fromkeys(("home/lora.safetensors", "home/.cache/hub/weights", "opt/zagent/code"), large))
    put(tmp_path, **dict.fromkeys((*small, "home/.bash_history", "home/.cache/small"), b"x"))
    (tmp_path / "home/link").symlink_to("/etc/passwd")
    folders = [tmp_path / "home", tmp_path / "opt", tmp_path / "nowhere"]
    found = looked(*folders, "--", tmp_path / "opt/zagent")
    assert set(found[:2]) == {f"{tmp_path}/home/lora.safetensors", f"{tmp_path}/home/.cache/hub/weights"}
    assert sorted(found[2:]) == sorted(f"{tmp_path}/{one}" for one in small)


def test_a_small_hidden_file_is_as_dear_as_any(tmp_path: Path) -> None:
    """Keys, passwords, settings and what was committed are no cache, wherever they lie."""
    dear = [".aws/credentials", ".env", ".gnupg/private-keys-v1.d/a.key", ".ssh/id_ed25519", ".vimrc", "art/.git/HEAD"]
    again = [".cache/pip/a", ".local/share/Trash/a", ".python_history", "art/__pycache__/a.pyc"]
    put(tmp_path, **dict.fromkeys((*dear, *again), b"x"))
    assert counted(tmp_path) == sorted(dear)


def test_what_a_new_home_begins_with_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as it is as the skeleton has it; whoever adds a line to it would miss that."""
    monkeypatch.setattr(valuables, "SKELETON", tmp_path / "skel")
    put(tmp_path / "skel", **{".bashrc": b"alias", ".profile": b"umask"})
    put(tmp_path / "home", **{"ann/.bashrc": b"alias", "ann/.profile": b"mine!", "bob/.bashrc": b"alias b"})
    assert counted(tmp_path / "home") == ["ann/.profile", "bob/.bashrc"]


OWN_KEY = "ssh-ed25519 AAAAown the stack's"
NO_LOGIN = "no-port-forwarding,command=\"echo 'not as root'\" "


def test_keys_that_every_new_disk_lets_in_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that cloud-init plants; one more of a colleague's counts, and all of them where nobody knows."""
    put(tmp_path, cloud=json.dumps({"v1": {"public_ssh_keys": [OWN_KEY]}}).encode())
    files = {
        "root": NO_LOGIN + OWN_KEY,
        "bob": f"# ours\n\n{OWN_KEY}\n",
        "ann": f"{OWN_KEY}\nssh-rsa BBBB ann",
        "eve": "#",
    }
    put(tmp_path / "home", **{f"{who}/.ssh/authorized_keys": text.encode() for who, text in files.items()})
    monkeypatch.setattr(valuables, "CLOUD", tmp_path / "cloud")
    assert counted(tmp_path / "home") == ["ann/.ssh/authorized_keys", "eve/.ssh/authorized_keys"]
    for unknown in (b"", b"[]", b"{}"):
        put(tmp_path, cloud=unknown)
        assert len(counted(tmp_path / "home")) == len(files)


def test_what_was_exchanged_meanwhile_is_not_followed(tmp_path: Path) -> None:
    """Nor waited for: root reads in a folder of somebody else's."""
    (tmp_path / "link").symlink_to(__file__)
    os.mkfifo(tmp_path / "pipe")
    assert [valuables.read(tmp_path / one) for one in ("link", "pipe", "nothing")] == [b"", b"", b""]


def test_what_came_with_the_image_is_not(tmp_path: Path) -> None:
    """Only what changed after the disk came to life; a time of change can't be set by hand."""
    put(tmp_path, old=b"x", born=b"x")
    since = valuables.born((str(tmp_path / "nothing"), str(tmp_path / "born")), "/etc/machine-id")
    assert since == (tmp_path / "born").stat().st_ctime
    assert list(valuables.valuables(tmp_path, frozenset(), since)) == []
    os.utime(tmp_path / "old", (0, 0))
    assert [path for path, _ in valuables.valuables(tmp_path, frozenset(), since - 1)] == [
        str(tmp_path / one) for one in ("born", "old")
    ]


def test_a_mark_that_changed_later_hides_nothing(tmp_path: Path) -> None:
    """As when somebody sets the mode of the host key: the disk is as old as its earliest mark."""
    marks = [str(tmp_path / one) for one in ("key", "note", "gone")]
    put(tmp_path, note=b"x")
    first = (tmp_path / "note").stat().st_ctime
    until(lambda: made(tmp_path / "key") > first)
    (tmp_path / "key").chmod(0o600)
    assert valuables.born(tuple(marks), "/etc/machine-id") == first


def made(path: Path) -> float:
    """When it changed: just now."""
    path.write_bytes(b"x")
    return path.stat().st_ctime


def test_without_cloud_init_the_machines_own_mark_tells(tmp_path: Path) -> None:
    """And where there is none at all, everything counts."""
    put(tmp_path, machine=b"x")
    assert valuables.born((), str(tmp_path / "machine")) == (tmp_path / "machine").stat().st_ctime
    assert valuables.born((), str(tmp_path / "nothing")) == 0.0
