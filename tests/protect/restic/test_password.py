"""The file of a repository's password: made once, never changed, nobody else's to read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from zagent.errors import PasswordRefused
from zagent.protect.restic import password


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where one is to be; the folder is not there yet."""
    return tmp_path / "backups" / "disk2.password"


def refused(file: Path) -> PasswordRefused:
    """Why it is not taken."""
    with pytest.raises(PasswordRefused) as error:
        password.require(file)
    return error.value


def test_one_is_made_whatever_the_umask_says(file: Path) -> None:
    """0600, long, another one each time, on a line of its own."""
    before = os.umask(0)
    try:
        assert password.ensure(file)
        assert password.ensure(file.with_name("other"))
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    first, second = file.read_text(), file.with_name("other").read_text()
    assert first != second
    assert len(first.splitlines()) == 1
    assert len(first) > 40


def test_one_that_is_there_is_never_changed(file: Path) -> None:
    """Whoever wrote it: with another the repository would be lost."""
    file.parent.mkdir()
    file.write_text("chosen by a person")
    file.chmod(0o600)
    assert not password.ensure(file)
    assert file.read_text() == "chosen by a person"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_one_that_others_can_read_is_refused_with_what_mends_it(file: Path, mode: int) -> None:
    """The remedy works as it stands, also where the name has a space."""
    spaced = file.with_name("my disk.password")
    password.ensure(spaced)
    spaced.chmod(mode)
    with pytest.raises(PasswordRefused, match="others can read it") as error:
        password.ensure(spaced)
    assert os.system(error.value.advice) == 0
    password.require(spaced)


def test_none_or_an_empty_one_is_refused(file: Path) -> None:
    """Restic would ask for it, and nobody is there to answer."""
    assert "there is no such file" in refused(file).message
    file.parent.mkdir()
    file.touch(mode=0o600)
    assert "it is empty" in refused(file).message


def test_one_that_is_cut_off_while_it_is_made_is_none(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password that is half there under its name would lock everybody out."""

    def dies(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", dies)
        with pytest.raises(OSError, match="no space left"):
            password.ensure(file)
    assert list(file.parent.iterdir()) == []
    assert password.ensure(file)
