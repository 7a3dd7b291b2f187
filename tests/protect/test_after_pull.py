"""When weights have come, their first backup follows at once, or the words that lead to one."""

from __future__ import annotations

import importlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from zagent.cli.commands import app
from zagent.errors import DestinationMissing
from zagent.protect import record
from zagent.protect.add import add
from zagent.protect.record import Record

from tests.filesystems.disks import another_user
from tests.standin import Hub
from tests.weights import files
from tests.weights.conftest import Site, adopted
from tests.weights.conftest import hasty_client as hasty_client
from tests.weights.conftest import hub as hub
from tests.weights.conftest import repository as repository
from tests.weights.conftest import root as root
from tests.weights.conftest import site as site

for module in ("cli.weights_report", "weights.adopt"):
    importlib.import_module(f"zagent.{module}")  # nobody may not import them later where root's home holds the code

NAME = "disk2"
NOBODY = 65534


def zagent(site: Site, *words: str) -> Result:
    """Run a command line on the site's data root."""
    return CliRunner().invoke(app, ["--data-root", str(site.root), *words])


@pytest.fixture
def copy(site: Site, tmp_path: Path) -> Path:
    """An empty mirror that is a destination; tests have one disk."""
    folder = tmp_path / "copy"
    add(site.store.settings.layout, NAME, str(folder), same_device=True)
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder with the model, to be adopted."""
    return files.written(tmp_path / "model", files.needed())


def backed_up(copy: Path) -> list[dict[str, bytes]]:
    """The files of each whole set in a mirror."""
    return [files.below(one) for one in copy.glob("models/*/*")]


def test_without_a_destination_the_last_line_says_how_to_get_one(site: Site, model: Path) -> None:
    """After a pull and after an adoption, and each time again until there is one; it is no failure."""
    for words in (["weights", "adopt", str(model)], ["pull"], ["pull", "--repair"]):
        done = zagent(site, *words)
        assert done.exit_code == 0
        assert done.stderr.splitlines()[-1].endswith(": zagent backup add NAME /path/on/another/disk")


def test_the_first_backup_follows_the_pull(site: Site, copy: Path) -> None:
    """In the same process, told in the same words as `zagent backup`; a second pull has nothing left to do."""
    done = zagent(site, "pull")
    assert done.exit_code == 0
    here, backup = done.stdout.splitlines()
    assert here.startswith("Tongyi-MAI/Z-Image-Turbo is here: ")
    assert backup.startswith(f"{NAME}: holds Tongyi-MAI/Z-Image-Turbo {site.present().set_digest[:19]}")
    assert backed_up(copy) == [files.needed()]
    again = zagent(site, "pull")
    assert again.stdout.splitlines() == [again.stdout.strip()]
    assert "is here already" in again.stdout


def test_the_first_backup_follows_an_adoption(site: Site, copy: Path, model: Path) -> None:
    """As events, too."""
    done = zagent(site, "weights", "adopt", str(model), "--json")
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()].count("backed-up") == 1
    assert json.loads(done.stdout.splitlines()[-1])["name"] == NAME
    assert backed_up(copy) == [files.needed()]


def test_a_newer_version_is_backed_up_as_well(site: Site, copy: Path, model: Path) -> None:
    """What counts is the set that the destination holds, not that it ever had one."""
    zagent(site, "weights", "adopt", str(files.written(model.with_name("older"), files.needed(seed=7))))
    assert zagent(site, "pull", "--repair").exit_code == 0
    assert backed_up(copy) == [files.needed()]


def test_a_backup_that_fails_is_the_pulls_exit_code(site: Site, copy: Path) -> None:
    """Yet the weights are here, and that is said; when the disk is back the next pull backs up."""
    away = copy.rename(copy.with_name("away"))
    done = zagent(site, "pull")
    assert done.exit_code == DestinationMissing.exit_code
    assert "is here, whole; what failed is its backup" in done.stderr
    assert site.verify().whole
    away.rename(copy)
    assert zagent(site, "pull").exit_code == 0
    assert backed_up(copy) == [files.needed()]


@pytest.fixture
def theirs() -> Iterator[Site]:
    """A host as the bootstrap leaves it: the store is the service user's, what concerns backups is root's."""
    with tempfile.TemporaryDirectory(prefix="zagent-test-") as name:
        Path(name).chmod(0o755)
        made = Site(adopted(Path(name) / "data"), Hub({}), [])
        layout = made.store.settings.layout
        for folder in (layout.locks, layout.manifests, layout.modelscope_cache):
            folder.mkdir()
            os.chown(folder, NOBODY, NOBODY)
        yield made


@pytest.mark.root
@pytest.mark.parametrize("known", [False, True])
def test_who_may_not_write_the_copy_is_told_what_to_ask_for(theirs: Site, known: bool) -> None:
    """With sudo before the command, and without a failure: the weights are here."""
    layout, beside = theirs.store.settings.layout, theirs.root.parent
    model = files.written(beside / "model", files.needed())
    if known:
        add(layout, NAME, str(beside / "copy"), same_device=True)
    with another_user():
        done = zagent(theirs, "weights", "adopt", str(model))
    assert done.exit_code == 0, done.output
    command = "sudo zagent backup" if known else "sudo zagent backup add NAME /path/on/another/disk"
    assert done.stderr.splitlines()[-1].endswith(f": {command}")
    assert theirs.verify().whole
    assert record.read(layout, NAME) == Record()
    if known:
        assert zagent(theirs, "backup").exit_code == 0
        assert backed_up(beside / "copy") == [files.needed()]
