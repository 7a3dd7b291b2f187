"""The record of a deep verify: what it says, when there is none, and what doctor makes of it."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from zagent.cli.commands import app
from zagent.doctor.check import Finding, run_all
from zagent.doctor.weights_checks import CHECKS
from zagent.errors import NotAdopted
from zagent.weights import digest, verified
from zagent.weights.model import Model

from tests.filesystems.disks import another_user
from tests.standin import Hub
from tests.weights import child, files
from tests.weights.conftest import Site, adopted

NOW = datetime.now(timezone.utc)


@pytest.fixture
def pulled(site: Site) -> Site:
    """The model is there and whole."""
    site.pull()
    return site


def verify(site: Site, *words: str) -> Result:
    """`zagent verify`."""
    return CliRunner().invoke(app, ["--data-root", str(site.root), "verify", *words])


def place(site: Site) -> Path:
    """Where the record lies."""
    return site.root / ".zagent/verified/Tongyi-MAI--Z-Image-Turbo.json"


def record(site: Site, **changed: object) -> None:
    """Write a record of a green verify just now, with some fields changed."""
    place(site).parent.mkdir(exist_ok=True)
    given = {"schema": 1, "model": Model().id, "set_digest": site.present().set_digest, "at": NOW.isoformat()}
    place(site).write_text(json.dumps({**given, "ok": True, "bad": [], **changed}))


def doctor(site: Site) -> Finding:
    """What doctor says of the last deep verify."""
    return next(run_all([one for one in CHECKS if one.name == "deep verify"], site.store.settings)).finding


def aged(site: Site, days: float) -> None:
    """Let the weights have come so many days ago."""
    then = (NOW - timedelta(days=days)).timestamp()
    os.utime(site.manifest, (then, then))


def test_a_green_verify_is_recorded(pulled: Site) -> None:
    """For everyone to read, with the digest of the very set that was proved."""
    assert verify(pulled).exit_code == 0
    found = json.loads(place(pulled).read_text())
    assert datetime.fromisoformat(found.pop("at")).utcoffset() == timedelta(0)
    digest_of_all = pulled.present().set_digest
    assert found == {"schema": 1, "model": Model().id, "set_digest": digest_of_all, "ok": True, "bad": []}
    assert (place(pulled).stat().st_mode & 0o777, place(pulled).parent.stat().st_mode & 0o777) == (0o644, 0o755)
    assert verified.read(place(pulled)) == verified.parse(place(pulled).read_bytes())


def test_a_red_verify_is_recorded_with_the_bad_files(pulled: Site) -> None:
    """And a green one after the repair replaces it."""
    files.flip(pulled.snapshot / files.SHARD)
    (pulled.snapshot / files.VAE).unlink()
    assert verify(pulled).exit_code == 21
    found = verified.read(place(pulled))
    assert found
    assert (found.ok, found.bad) == (False, (files.SHARD, files.VAE))
    pulled.pull(repair=True)
    assert verify(pulled).exit_code == 0
    assert (verified.read(place(pulled)) or found).ok


def test_a_quick_look_leaves_no_record(pulled: Site) -> None:
    """It read no byte; an older record stays as it is."""
    verify(pulled, "--quick")
    assert not place(pulled).parent.exists()
    record(pulled)
    before = place(pulled).read_bytes()
    verify(pulled, "--quick")
    assert place(pulled).read_bytes() == before


def test_an_interrupted_verify_leaves_no_record(pulled: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of a file."""

    def pressed(path: Path, on_bytes: digest.OnBytes) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(digest, "sha256", pressed)
    assert verify(pulled).exit_code == 130
    assert not place(pulled).exists()


def test_another_revision_has_a_record_of_its_own(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it has a manifest of its own."""
    with Hub(files.repository(), revision="v2") as hub:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.url)
        site.pull(Model(revision="v2"))
    assert verify(site, "--revision", "v2").exit_code == 0
    assert [one.name for one in place(site).parent.iterdir()] == ["Tongyi-MAI--Z-Image-Turbo@v2.json"]


@pytest.mark.root
def test_root_makes_the_folder_for_who_keeps_the_manifests(pulled: Site) -> None:
    """Or the service user, who verifies every week, could never write there."""
    os.chown(pulled.manifest.parent, 1234, 1235)
    verify(pulled)
    found = place(pulled).parent.stat()
    assert (found.st_uid, found.st_gid) == (1234, 1235)


@pytest.mark.root
@pytest.mark.parametrize("folder", ["there", "missing"])
def test_who_may_not_write_there_verifies_all_the_same(hub: Hub, folder: str) -> None:
    """The outcome is told with its exit code; a note says that it was not recorded."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        site = Site(adopted(Path(name) / "data"), hub, [])
        site.pull()
        if folder == "there":
            place(site).parent.mkdir()
        verify(site, "--quick")  # imports what nobody may not read where root's home holds the code
        with another_user():
            done = verify(site)
        assert (done.exit_code, f"{len(files.needed())} of" in done.stdout) == (0, True)
        assert "note: the result was not recorded" in done.stderr
        assert not place(site).exists()


def test_a_data_root_that_is_gone_by_then_gets_no_folder(pulled: Site) -> None:
    """The volume may be detached while it is read: nothing is written where it was."""
    wanted = pulled.present()
    outcome = verified.of(wanted, pulled.verify(), NOW)
    pulled.root.rename(pulled.root.with_name("moved"))
    pulled.root.mkdir()
    with pytest.raises(NotAdopted):
        verified.write(pulled.store, Model(), outcome)
    assert list(pulled.root.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"schema": 2, "model": "a/b", "set_digest": "s", "at": "2026-01-01T00:00:00+00:00", "ok": true, "bad": []}',
        b'{"schema": 1, "model": "a/b", "set_digest": "s", "at": "2026-01-01T00:00:00", "ok": true, "bad": []}',
        b'{"schema": 1, "model": "a/b", "set_digest": "s", "at": 5, "ok": true, "bad": []}',
        b'{"schema": 1, "model": "a/b", "set_digest": "s", "at": "2026-01-01T00:00:00+00:00", "ok": "yes", "bad": []}',
        b'{"schema": 1, "model": "a/b", "set_digest": "s", "at": "2026-01-01T00:00:00+00:00", "ok": true, "bad": 1}',
        b'{"schema": 1, "model": "a/b", "set_digest": 1, "at": "2026-01-01T00:00:00+00:00", "ok": true, "bad": []}',
    ],
)
def test_a_record_that_makes_no_sense_is_none(tmp_path: Path, content: bytes) -> None:
    """It is only ever a hint, so it is no error; neither is a missing one."""
    file = tmp_path / "record.json"
    assert verified.read(file) is None
    file.write_bytes(content)
    assert verified.read(file) is None


def test_what_a_later_version_adds_is_passed_over(pulled: Site) -> None:
    """Two versions may share a volume."""
    record(pulled, seconds=251)
    found = verified.read(place(pulled))
    assert found
    assert (found.ok, found.at) == (True, NOW)


def test_fresh_weights_need_no_verify_yet(pulled: Site) -> None:
    """Each byte was hashed when it came."""
    assert (doctor(pulled).severity, "when the weights came" in doctor(pulled).message) == ("ok", True)


def test_old_weights_that_were_never_verified_are_told(pulled: Site) -> None:
    """With the commands that help."""
    aged(pulled, 9)
    found = doctor(pulled)
    assert found.severity == "warning"
    assert "zagent schedule status" in found.remedy


@pytest.mark.parametrize(("days", "severity"), [(0, "ok"), (7.9, "ok"), (8.1, "warning"), (-30, "warning")])
def test_a_verify_counts_for_eight_days(pulled: Site, days: float, severity: str) -> None:
    """One that lies ahead by weeks counts as little as an old one: some clock was wrong."""
    aged(pulled, 40)
    record(pulled, at=(NOW - timedelta(days=days)).isoformat())
    assert doctor(pulled).severity == severity


def test_a_red_verify_is_told_until_the_weights_are_repaired(pulled: Site) -> None:
    """A manifest that was written later is the proof of that."""
    aged(pulled, 3)
    record(pulled, ok=False, bad=[files.SHARD], at=(NOW - timedelta(days=1)).isoformat())
    found = doctor(pulled)
    assert found.severity == "warning"
    assert found.remedy.startswith("zagent restore   if there is a backup, or zagent pull ")
    assert files.SHARD in found.message
    pulled.pull(repair=True)
    assert doctor(pulled).severity == "ok"


def test_a_verify_of_other_weights_proves_nothing(pulled: Site) -> None:
    """The digest of the set tells."""
    aged(pulled, 9)
    record(pulled, set_digest="sha256:0")
    assert doctor(pulled).severity == "warning"


def test_a_real_process_leaves_the_record(pulled: Site) -> None:
    """From end to end, as a service runs it."""
    done = child.run("--data-root", str(pulled.root), "verify")
    assert (done.returncode, doctor(pulled).severity) == (0, "ok")
    assert "every byte was verified" in doctor(pulled).message
