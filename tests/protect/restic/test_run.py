"""Running restic: what it is given, what its words and codes mean, and that it ends with us."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from pathlib import Path

import pytest
from zagent.errors import RepositoryLocked, ResticFailed, WrongPassword
from zagent.protect.restic import password, repository, run
from zagent.protect.restic.run import Message, Restic, reason, understood, unread

from tests.protect.restic.conftest import copied, each_version

STACK = """\
github.com/restic/restic/internal/backend/local.(*Local).Save
	github.com/restic/restic/internal/backend/local/local.go:170
runtime.goexit
	runtime/asm_amd64.s:1594
"""


@pytest.fixture
def repo(tmp_path: Path, program: Path, empty: Restic) -> Restic:
    """A repository with nothing in it."""
    return copied(empty, program, tmp_path / "repo", tmp_path / "password")


def script(path: Path, *lines: str) -> Path:
    """A program of these lines of shell."""
    path.write_text("\n".join(("#!/bin/sh", *lines, "")))
    path.chmod(0o755)
    return path


def locks(repo: Restic) -> list[Path]:
    """The lock files in a repository."""
    return list((Path(repo.address) / "locks").iterdir())


@pytest.mark.parametrize(
    ("code", "said", "meaning"),
    [
        (1, "Fatal: unable to open config file: stat /x/config: no such file\nIs there a repository at", 10),
        (1, "Fatal: unable to create lock in backend: repository is already locked by PID 7 on h by root", 11),
        (1, "Fatal: wrong password or no key found", 12),
        (1, f"write /x/locks/ed: no space left on device\n{STACK}unable to create lock in backend\n{STACK}", 1),
        (10, "", 10),
        (11, "", 11),
        (12, "", 12),
        (3, "error: wrong password or no key found", 3),
        (99, "", 99),
    ],
)
def test_a_code_means_what_the_newest_version_means(code: int, said: str, meaning: int) -> None:
    """Old versions say it in words; a lock that no disk takes is no lock of somebody's."""
    assert understood(code, said) == meaning


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("", ""),
        ("load index\nFatal: repository contains errors\n", "Fatal: repository contains errors"),
        ("Fatal: no config\nIs there a repository at the following location?\n/x\n", "Fatal: no config"),
        (
            f"Save(<lock/cb>) returned error, retrying after 5s: open /x/cb: read-only file system\n"
            f"open /x/cb: read-only file system\n{STACK}unable to create lock in backend\n{STACK}",
            "unable to create lock in backend: open /x/cb: read-only file system",
        ),
        (
            '{"message_type":"error","message":"pack 02 contains 2 errors\\n"}\n'
            '{"message_type":"exit_error","code":1,"message":"Fatal: repository contains errors"}',
            "Fatal: repository contains errors",
        ),
        ('{"message_type":"error","error":{"message":"open /x: permission denied"}}', "open /x: permission denied"),
        ("[1, 2]", "[1, 2]"),
    ],
)
def test_one_line_tells_the_reason(said: str, told: str) -> None:
    """Of text, of JSON, and of the stacks that 0.14 prints: what failed, and why."""
    assert reason(said) == told


@pytest.mark.parametrize(
    "error", ['{"Op":"read","Path":"/x/a b","Err":5}', '{"message":"failed to save /x/a b: read: input/output error"}']
)
def test_unreadable_files_are_named(error: str) -> None:
    """Each once, from what 0.14 and newer ones say."""
    line = f'{{"message_type":"error","error":{error},"during":"archival","item":"/x/a b"}}'
    last = '{"message_type":"exit_error","code":3,"message":"Warning: at least one source file could not be read"}'
    assert unread(f"{line}\n{line}\n{last}\nWarning: at least one source file\n") == ["/x/a b"]


def test_the_callers_variables_lead_it_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials reach it; another repository, password, host or key does not. No secret is among its words."""
    for name in ("REPOSITORY", "REPOSITORY_FILE", "PASSWORD", "PASSWORD_COMMAND", "HOST", "KEY_HINT", "COMPRESSION"):
        monkeypatch.setenv(f"RESTIC_{name}", "elsewhere")
    monkeypatch.setenv("RESTIC_REST_USERNAME", "me")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "key")
    monkeypatch.chdir(tmp_path)
    password.ensure(Path("password"))
    told = script(tmp_path / "restic", "env | grep -E '^(RESTIC_|AWS_SECRET)'", 'echo "words $*"')
    said = Restic(told, "/srv/repo", Path("password")).read("list", "packs").decode().splitlines()
    assert sorted(said) == [
        "AWS_SECRET_ACCESS_KEY=key",
        f"RESTIC_PASSWORD_FILE={tmp_path}/password",
        "RESTIC_PROGRESS_FPS=4",
        "RESTIC_REPOSITORY=/srv/repo",
        "RESTIC_REST_USERNAME=me",
        "words list --no-lock packs",
    ]


def test_it_gets_out_of_everybodys_way(tmp_path: Path) -> None:
    """Its niceness is 10 more than ours."""
    said = Restic(script(tmp_path / "restic", "nice"), "/srv/repo", tmp_path / "password").read("version")
    assert int(said) == min(os.nice(0) + 10, 19)


def test_what_is_no_message_is_passed_over(tmp_path: Path) -> None:
    """Lists come apart, whatever else it prints is none."""
    told = script(tmp_path / "restic", """printf '%s\\n' '[{"id":"1"},{"id":"2"}]' null 5 text '{"id":"3"}' '{"cut'""")
    heard: list[Message] = []
    found = Restic(told, "/srv/repo", tmp_path / "password").run("snapshots", on_message=heard.append)
    assert found == heard == [{"id": "1"}, {"id": "2"}, {"id": "3"}]


def test_a_code_that_nobody_knows_is_a_failure(tmp_path: Path) -> None:
    """With what it said, or else the code."""
    with pytest.raises(ResticFailed, match="exit code 77"):
        Restic(script(tmp_path / "restic", "exit 77"), "/srv/repo", tmp_path / "password").run("check")


def test_who_holds_the_lock_is_told(tmp_path: Path) -> None:
    """0.14 says more after it, which helps nobody who uses zagent."""
    lines = ("repository is already locked by PID 7 on h by root", "the `unlock` command can remove stale locks")
    locked = script(tmp_path / "restic", *(f"echo '{one}' >&2" for one in lines), "exit 1")
    with pytest.raises(RepositoryLocked, match="PID 7 on h"):
        Restic(locked, "/srv/repo", tmp_path / "password").run("prune")


@each_version
def test_another_password_is_told_from_other_failures(repo: Restic, tmp_path: Path) -> None:
    """By both versions."""
    other = tmp_path / "other"
    password.ensure(other)
    with pytest.raises(WrongPassword, match=str(other)):
        Restic(repo.program, repo.address, other).run("snapshots")


@each_version
def test_an_interrupted_one_puts_its_lock_away(repo: Restic, tmp_path: Path) -> None:
    """It has ended when we go on; 0.14 would leave its lock at any other signal."""
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(20 << 30)

    def gives_up(message: Message) -> None:
        assert len(locks(repo)) == 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        repository.backup(repo, [large], "host", [], "", gives_up)
    assert locks(repo) == []
    assert repository.snapshots(repo) == []


def test_one_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of ours runs on; our own reason is told, not that."""
    monkeypatch.setattr(run, "PATIENCE", 0.1)
    pid = tmp_path / "pid"
    deaf = script(tmp_path / "restic", "trap '' INT", f"echo $$ >{pid}", "echo '{}'", "exec sleep 1000")

    def gives_up(message: Message) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Restic(deaf, "/srv/repo", tmp_path / "password").run("backup", on_message=gives_up)
    assert not Path(f"/proc/{pid.read_text().strip()}").exists()


@each_version
def test_a_file_that_can_not_be_read_is_left_out_and_named(repo: Restic, tmp_path: Path) -> None:
    """There is a snapshot of all others."""
    (good := tmp_path / "good").write_text("good")
    bad = "/proc/self/mem"  # its first byte is an I/O error, for root, too
    stored = repository.backup(repo, [good, Path(bad)], "host", [], "", lambda message: None)
    (made,) = repository.snapshots(repo)
    assert made.id.startswith(stored.id)
    assert stored.unread == (bad,)
    assert repo.dump(made.id, str(good)) == b"good"
    assert bad not in [one.path for one in repository.nodes(repo, made.id)]


@each_version
def test_what_it_prints_of_a_snapshot_is_understood(repo: Restic, tmp_path: Path) -> None:
    """Id, time with a zone, host and tags; only those with zagent's tag are listed."""
    (tmp_path / "file").write_text("x")
    made = repository.backup(repo, [tmp_path / "file"], "host-1", ["a=b@c", "d"], "", lambda message: None)
    repo.run("backup", str(tmp_path / "file"))
    (found,) = repository.snapshots(repo)
    assert found.id.startswith(made.id)
    assert found.host == "host-1"
    assert set(found.tags) == {"zagent", "a=b@c", "d"}
    assert found.time.tzinfo
    assert json.loads(repo.read("cat", "config"))["version"] == 2


@pytest.mark.parametrize(
    ("told", "micros"),
    [
        ("2026-01-02T03:04:05.123456789Z", 123456),
        ("2026-01-02T03:04:05.1234Z", 123400),
        ("2026-01-02T05:04:05.5+02:00", 500000),
        ("2026-01-02T03:04:05Z", 0),
    ],
)
def test_a_time_is_read_however_many_digits_it_has(told: str, micros: int) -> None:
    """Go leaves zeros at the end away."""
    assert repository.moment(told) == datetime(2026, 1, 2, 3, 4, 5, micros, tzinfo=timezone.utc)
