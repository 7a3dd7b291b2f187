"""The file of what repositories ask for: what is taken from it, as systemd would, and who gets it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from zagent.errors import CredentialsRefused
from zagent.protect.restic import credentials
from zagent.protect.restic.run import Restic

from tests.filesystems.disks import another_user

GENERATOR = Path("/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator")
"""systemd's own reader of such files; a value that is empty or has a $ means something else to it alone."""

TAKEN = r"""
# a key
; of somebody's
AWS_ACCESS_KEY_ID=AKIA/+=abc==
  B = blanks  within and   around\t
C='single "quoted" \n'
D="double \"quoted\" \\ \n 'x'"
E=back\\slash\ x
F=abc'def"g
G=a#b #c
""".replace("\\t", "\t")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file, with a key in it, root's alone (or this user's)."""
    path = tmp_path / "backup.env"
    monkeypatch.setattr(credentials, "BACKUP_ENV", path)
    path.write_text("AWS_SECRET_ACCESS_KEY='s3cr3t'\n")
    path.chmod(0o600)
    return path


def refused() -> str:
    """Why it is not taken; that never holds what is in it."""
    with pytest.raises(CredentialsRefused) as error:
        credentials.variables()
    assert "s3cr3t" not in f"{error.value.message} {error.value.advice} {error.value.__cause__}"
    return error.value.message


@pytest.mark.skipif(not GENERATOR.exists(), reason="needs systemd's own reader of such files")
def test_it_is_read_as_systemd_reads_it(tmp_path: Path) -> None:
    """Blanks, quotes, backslashes and comments, compared with systemd itself."""
    folder = tmp_path / "environment.d"
    folder.mkdir()
    (folder / "90-ours.conf").write_text(TAKEN)
    variables = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    said = subprocess.run([GENERATOR], env=variables, capture_output=True, text=True, check=True)
    assert said.stderr == ""
    for name, value in credentials.parse(TAKEN).items():
        quoted = value.translate({ord(one): f"\\{one}" for one in '"\\'})
        assert {f"{name}={value}", f'{name}="{quoted}"'} & set(said.stdout.splitlines()), (name, value)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_an_empty_value_is_one(ends: str) -> None:
    """As is a dollar sign, which stands for nothing else; and the last of two counts."""
    lines = ("A=old", "A=", "B=''", "C=p$A", 'D="p\\$A"', "")
    assert credentials.parse(ends.join(lines)) == {"A": "", "B": "", "C": "p$A", "D": "p$A"}


@pytest.mark.parametrize(
    "line",
    ["s3cr3t", "export A=s3cr3t", "A='s3cr3t", 'A="s3cr3t', "A=s3cr3t\\", "A='s3cr3t'x", "1A=s3cr3t", "A=s3cr3t\0"],
)
def test_a_line_that_is_no_assignment_is_refused(file: Path, line: str) -> None:
    """By its number: what stands there may be a secret. systemd would pass it over, and a key would be missing."""
    file.write_text(f"# keys\nB=b\n{line}\n")
    assert f"{file} can't be used: its line 3 is no NAME=value" in refused()


def test_what_is_no_text_is_refused(file: Path) -> None:
    """It may be another file by mistake."""
    file.write_bytes(b"A=s3cr3t\xff")
    assert "no text" in refused()


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_what_others_can_change_is_refused_with_what_mends_it(file: Path, mode: int) -> None:
    """They would choose what root's restic does."""
    file.chmod(mode)
    assert "others can change it" in refused()


@pytest.mark.root
def test_another_users_is_refused(file: Path) -> None:
    """Though nobody else can write it; the remedy works as it stands."""
    os.chown(file, 65534, 65534)
    with pytest.raises(CredentialsRefused, match="others can change it") as error:
        credentials.variables()
    assert os.system(error.value.advice) == 0
    assert credentials.variables() == {"AWS_SECRET_ACCESS_KEY": "s3cr3t"}


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file_is_refused(file: Path, kind: str) -> None:
    """A pipe is not waited for."""
    file.unlink()
    if kind == "pipe":
        os.mkfifo(file, 0o600)
    else:
        file.mkdir(0o700)
    assert "no regular file" in refused()


@pytest.mark.root
def test_whom_it_is_not_for_gets_nothing(file: Path) -> None:
    """And no error: a plain user backs up with what is in their own environment."""
    file.parent.chmod(0o755)
    with another_user():
        assert credentials.variables() == {}


def test_without_the_file_there_is_nothing(file: Path) -> None:
    """Most destinations ask for nothing."""
    file.unlink()
    assert credentials.variables() == {}


def test_restic_gets_it_and_nobody_else(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this process has already wins; what would lead restic elsewhere is left out, as it is of the caller's."""
    file.write_text("AWS_SECRET_ACCESS_KEY=s3cr3t\nAWS_REGION=of-the-file\nRESTIC_REPOSITORY=elsewhere\n")
    monkeypatch.setenv("AWS_REGION", "of-the-caller")
    (tmp_path / "restic").write_text("#!/bin/sh\nenv\necho words=$*\n")
    (tmp_path / "restic").chmod(0o755)
    said = Restic(tmp_path / "restic", "/srv/repo", tmp_path / "password").read("list", "packs").decode().splitlines()
    assert {"AWS_SECRET_ACCESS_KEY=s3cr3t", "AWS_REGION=of-the-caller", "RESTIC_REPOSITORY=/srv/repo"} <= {*said}
    assert "words=list --no-lock packs" in said
    assert "AWS_SECRET_ACCESS_KEY" not in os.environ


def test_restic_goes_by_the_proxy_of_the_environment(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks at capitals first, and is not to find the file's there."""
    file.write_text("HTTPS_PROXY=of-the-file\nNO_PROXY=of-the-file\n")
    for name in ("NO_PROXY", "no_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "of-the-caller")
    (tmp_path / "restic").write_text("#!/bin/sh\nenv\n")
    (tmp_path / "restic").chmod(0o755)
    said = Restic(tmp_path / "restic", "/srv/repo", tmp_path / "password").read("list", "packs").decode().splitlines()
    assert {"https_proxy=of-the-caller", "NO_PROXY=of-the-file"} <= {*said}
    assert "HTTPS_PROXY=of-the-file" not in said
