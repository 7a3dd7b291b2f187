"""The backup does its work in the sandbox that its unit gives it: as root, with two of root's powers."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from zagent.protect import record
from zagent.protect.restic import password
from zagent.schedule.units import wanted

from tests.protect.place import NAME, Place
from tests.weights import files

NOBODY = 65534

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd's own tools"),
    pytest.mark.skipif(not ctypes.util.find_library("seccomp"), reason="needs libseccomp"),
]


@pytest.fixture
def host(place: Place) -> Place:
    """The store belongs to the service user, as on a host; the mirror is a destination."""
    place.add()
    layout = place.store.settings.layout
    layout.lock("Tongyi-MAI/Z-Image-Turbo").touch()
    for path in (layout.locks, *layout.locks.iterdir(), *place.snapshot.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
        path.chmod(0o700 if path.is_dir() else 0o600)
    return place


def confined(place: Place, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command as zagent-backup.service would."""
    unit = place.root.parent / "zagent-backup.service"
    unit.write_text(wanted(place.root, [place.copy])[unit.name])
    confine = [sys.executable, "-m", "tests.protect.confined", str(unit), str(place.root.parent)]
    folder = Path(__file__).parent.parent.parent
    environment = {**os.environ, **variables}
    return subprocess.run(
        [*confine, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def zagent(place: Place, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command line on the data root, confined."""
    return confined(place, sys.executable, "-m", "zagent", "--data-root", str(place.root), *words, **variables)


def test_a_backup_and_its_check_need_no_more(host: Place) -> None:
    """Not to change owners, not to write anywhere else; the records are written, too."""
    first = zagent(host, "backup")
    assert first.returncode == 0, first.stderr
    assert files.below(host.kept) == files.needed()
    assert host.record.success
    for words in (["backup"], ["backup", "check", "--full"]):
        done = zagent(host, *words)
        assert done.returncode == 0, done.stderr
    assert host.record.check
    assert host.record.check.bad == {}


@pytest.mark.skipif(not shutil.which("restic"), reason="needs restic")
def test_restic_needs_no_more_either(host: Place) -> None:
    """A program in Go, with a cache of its own, which also reads the folders that are their users' alone."""
    host.copy = host.root.parent / "repository"
    (cache := host.copy / "cache").mkdir(parents=True)
    picture = host.store.settings.layout.outputs("ann") / "fox.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"a fox")
    for path in (picture, picture.parent, picture.parent.parent):
        os.chown(path, NOBODY, NOBODY)
        path.chmod(0o600 if path == picture else 0o700)
    host.said("backup", "remove", NAME)
    host.said("backup", "add", "history", f"restic:{host.copy}/data", "--same-device")
    for words in (["backup"], ["backup", "check", "--full"]):
        done = zagent(host, *words, RESTIC_CACHE_DIR=str(cache))
        assert done.returncode == 0, done.stderr
    layout = host.store.settings.layout
    found = record.read(layout, "history")
    assert found.success
    assert found.check
    assert found.check.bad == {}
    asked = ["restic", "--no-lock", "dump", "latest", str(picture)]
    variables = {
        "RESTIC_REPOSITORY": f"{host.copy}/data",
        "RESTIC_PASSWORD_FILE": str(password.path(layout, "history")),
    }
    assert subprocess.run(asked, env={**os.environ, **variables}, capture_output=True, check=True).stdout == b"a fox"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (["touch", "{root}/modelscope_cache/new"], "Read-only file system"),
        (["touch", "{root}/.zagent/volume.json"], "Read-only file system"),
        (["chown", "1:1", "{copy}"], "Operation not permitted"),
        (["mount", "-t", "tmpfs", "none", "{copy}"], "denied|permi"),
    ],
    ids=lambda one: one[0] if isinstance(one, list) else "",
)
def test_what_it_does_not_need_it_can_not_do(host: Place, command: list[str], why: str) -> None:
    """Else the test above would prove nothing."""
    done = confined(host, *(one.format(root=host.root, copy=host.copy) for one in command))
    assert done.returncode != 0
    assert any(one in done.stderr for one in why.split("|"))
