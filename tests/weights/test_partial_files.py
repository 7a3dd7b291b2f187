"""Doctor finds what dead downloads left, and --fix deletes that and nothing else: one test a clause of its contract."""

from __future__ import annotations

import os
import time
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from typer.testing import CliRunner
from zagent import lock, settings
from zagent.cli.commands import app
from zagent.doctor.weights_checks import CHECKS
from zagent.errors import CacheElsewhere, DataRootMissing, ModelBusy, NotAdopted
from zagent.weights.leftovers import is_partial, sweep

from tests.weights import files
from tests.weights.conftest import Site

LEFT = [
    "vae/w.safetensors.incomplete",
    "vae/config.json.incomplete",
    "vae/w.safetensors.parallel_tmp",
    "vae/w.safetensors_0_167772159",
    "vae/.zagent-abc.tmp",
]
KEPT = [
    *("vae/w_0_1", "vae/incomplete", "vae/notes.incomplete", "vae/x.tmp", "vae/.zagent-abc", "vae/run_2024_10"),
    "vae/config.json_2024_11",
]


@pytest.fixture
def littered(site: Site) -> Site:
    """Whole weights with what a dead download leaves beside them, and names that only look like it."""
    site.pull()
    files.written(site.snapshot, dict.fromkeys([*LEFT, *KEPT], b"half"))
    return site


def test_only_the_names_of_the_dead_are_partial() -> None:
    """A person's own file that resembles one is no partial file."""
    assert all(is_partial(Path(one)) for one in LEFT)
    assert not any(is_partial(Path(one)) for one in KEPT)


def test_doctor_counts_them(littered: Site) -> None:
    """A warning with number, size and both ways out; none where all is clean."""
    check = next(one for one in CHECKS if one.name == "partial files")
    found = check.run(littered.store.settings)
    assert (found.severity, "5 partial files" in found.message, "20 B" in found.message) == ("warning", True, True)
    sweep(littered.store.settings)
    assert check.run(littered.store.settings).severity == "ok"


def test_only_partial_files_go(littered: Site) -> None:
    """Weights, a person's files and folders stay; the weights still verify."""
    gone = sweep(littered.store.settings)
    assert {path.relative_to(littered.snapshot).as_posix() for path in gone} == set(LEFT)
    assert all((littered.snapshot / one).exists() for one in KEPT)
    assert littered.verify().whole


def test_no_living_pull_loses_its_own(littered: Site) -> None:
    """While any model's lock is held, be it another's, nothing is deleted."""
    other = littered.root / "modelscope_cache/models/other--model/snapshots/master"
    files.written(other, {"w.safetensors.incomplete": b"living"})
    layout = littered.store.settings.layout
    for model in ("other/model", "Tongyi-MAI/Z-Image-Turbo"):
        with lock.held(layout.lock(model), model, "zagent pull"), pytest.raises(ModelBusy, match=model):
            sweep(littered.store.settings)
    assert all((littered.snapshot / one).exists() for one in LEFT)


def test_only_below_a_proved_data_root(littered: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No root, no marker, or a cache elsewhere: refused, and nothing is deleted."""
    with pytest.raises(DataRootMissing):
        sweep(settings.load(tmp_path / "absent"))
    foreign = files.written(tmp_path / "foreign", {"models/a--b/w.safetensors.incomplete": b"not ours"})
    monkeypatch.setenv(settings.MODELSCOPE_CACHE, str(foreign))
    with pytest.raises(CacheElsewhere):
        sweep(littered.store.settings)
    monkeypatch.delenv(settings.MODELSCOPE_CACHE)
    (littered.root / ".zagent/volume.json").rename(tmp_path / "marker")
    with pytest.raises(NotAdopted):
        sweep(littered.store.settings)
    assert len(files.below(foreign)) == 1
    assert all((littered.snapshot / one).exists() for one in LEFT)


def test_a_pull_that_begins_meanwhile_keeps_its_own(littered: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that came after the locks were taken is none of the sweep's: nothing holds its pull back."""
    newer = littered.root / "modelscope_cache/models/new--model/snapshots/master/w.safetensors.incomplete"
    real = lock.held

    def held(path: Path, what: str, doing: str) -> AbstractContextManager[None]:
        files.written(newer.parent, {newer.name: b"living"})
        return real(path, what, doing)

    monkeypatch.setattr(lock, "held", held)
    assert sweep(littered.store.settings)
    assert newer.exists()


def test_what_may_be_being_written_stays(littered: Site) -> None:
    """No lock is held for what zagent notes in its own folder: only what is old there is dead."""
    own = littered.store.settings.layout.own
    files.written(own, {".zagent-old.tmp": b"half", ".zagent-new.tmp": b"half"})
    os.utime(own / ".zagent-old.tmp", (0, time.time() - 3700))
    gone = sweep(littered.store.settings)
    assert own / ".zagent-old.tmp" in gone
    assert (own / ".zagent-new.tmp").exists()


def test_each_is_named_as_it_goes(littered: Site) -> None:
    """Who deletes says what."""
    done = CliRunner().invoke(app, ["--data-root", str(littered.root), "doctor", "--fix"])
    assert all(f"deleted {littered.snapshot / one}" in done.stderr for one in LEFT)
