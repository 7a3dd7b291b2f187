"""The packages on a volume: made, unpacked, tampered with, found out and mended, all on this machine's disk."""

from __future__ import annotations

import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.bootstrap import agent, runtime, wheelhouse
from infra.bootstrap.steps.files import Unpack
from infra.errors import CommandFailed
from tests.bootstrap.packages import Volume, volume

pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One that anybody may enter, in memory, for steps sync; what was made of wheels is cached in it."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="zagent-test-", dir=memory if memory.is_dir() else None) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def empty(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Volume:
    """A volume without the packages; pip has one wheel and no network."""
    monkeypatch.setattr(runtime, "AGENTS", str(folder / "opt"))
    monkeypatch.setattr(runtime, "RUNTIMES", str(folder / "data/.zagent/runtime"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return volume(folder)


@pytest.fixture
def installed(empty: Volume) -> Volume:
    """The same with the packages on it."""
    empty.install()
    return empty


def test_packages_just_installed_are_intact_and_run(installed: Volume) -> None:
    """All of them, and the stamp says so."""
    stamps = installed.root.parent / "opt/stamps"
    stamps.mkdir()
    assert installed.differing(stamps) == []
    assert [one.name for one in stamps.iterdir()] == [installed.runtime.name]
    done = installed.python("-c", "import greeting.deep.words as words; print(words.WORDS)")
    assert (done.stdout, done.stderr) == ("['hello']\n", "")


def test_compiled_code_lies_on_the_system_disk_and_is_what_runs(installed: Volume) -> None:
    """None is on the volume; a user's Python takes it from there all the same, and need not write any."""
    assert not list(installed.root.rglob("*.pyc"))
    assert loaded(installed) == {"__init__.cpython", "words.cpython"}
    compiled = Path(installed.runtime.compiled)
    assert len(list(compiled.rglob("*.pyc"))) == 3
    shutil.rmtree(compiled)
    assert loaded(installed) == {"__init__.py", "words.py"}


def loaded(volume: Volume) -> set[str]:
    """From which files a user's Python takes the package's code, without versions."""
    said = volume.python("-v", "-c", "import greeting.deep.words").stderr
    return set(re.findall(r"code object from '?.*/greeting/.*?((?:__init__|words)\.(?:py\b|cpython))", said))


def test_a_new_system_disk_needs_the_list_and_the_compiled_code_alone(installed: Volume) -> None:
    """Nothing of the packages is written again."""
    before = {one: one.lstat().st_ino for one in installed.root.rglob("*")}
    shutil.rmtree(installed.runtime.compiled)
    installed.listing.unlink()
    installed.place_list()
    assert installed.differing() == []
    installed.compile()
    assert {one: one.lstat().st_ino for one in installed.root.rglob("*")} == before
    assert loaded(installed) == {"__init__.cpython", "words.cpython"}


def replace(path: Path, make: Callable[[Path], object]) -> None:
    """Put something else under the name."""
    path.unlink()
    make(path)


TAMPERINGS: dict[str, tuple[str, Callable[[Volume], object]]] = {
    "a changed byte": (
        "greeting/__init__.py: other content",
        lambda one: (one.site / "greeting/__init__.py").write_text("HELLO = 'hallo'\n"),
    ),
    "a changed byte, time and size as before": (
        "greeting/deep/words.py: other content",
        lambda one: _same_time(one.site / "greeting/deep/words.py"),
    ),
    "another way to the image's packages": (
        "evil.pth: not on the list",
        lambda one: (one.site / "evil.pth").write_text("import os\n"),
    ),
    "compiled code beside the source": (
        "greeting/__pycache__: a folder with mode 755",
        lambda one: replace(one.site / "greeting/__pycache__", lambda path: path.mkdir(0o755)),
    ),
    "compiled code without a source": (
        "greeting/more.pyc: not on the list",
        lambda one: (one.site / "greeting/more.pyc").write_bytes(b""),
    ),
    "another interpreter": (
        "bin/python: a link to /tmp/python",
        lambda one: replace(Path(one.runtime.folder, "bin/python"), lambda path: path.symlink_to("/tmp/python")),
    ),
    "a link in place of a file": (
        "greeting/__init__.py: a link to deep/__init__.py",
        lambda one: replace(one.site / "greeting/__init__.py", lambda path: path.symlink_to("deep/__init__.py")),
    ),
    "an extra link": ("greeting/more: not on the list", lambda one: (one.site / "greeting/more").symlink_to("deep")),
    "an extra folder": ("greeting/more: not on the list", lambda one: (one.site / "greeting/more").mkdir()),
    "a pipe": (
        "greeting/tool: neither file nor folder nor link with mode 644",
        lambda one: replace(one.site / "greeting/tool", lambda path: os.mkfifo(path, 0o644)),
    ),
    "a file open to all": (
        "greeting/__init__.py: a file with mode 666",
        lambda one: (one.site / "greeting/__init__.py").chmod(0o666),
    ),
    "a file with its owner's rights": (
        "greeting/tool: a file with mode 4755",
        lambda one: (one.site / "greeting/tool").chmod(0o4755),
    ),
    "a tool that can't be run": (
        "greeting/tool: a file with mode 644",
        lambda one: (one.site / "greeting/tool").chmod(0o644),
    ),
    "a folder open to all": (
        "greeting: a folder with mode 777",
        lambda one: (one.site / "greeting").chmod(0o777),
    ),
    "another owner": (
        "greeting/deep: owner 1000:1000",
        lambda one: os.chown(one.site / "greeting/deep", 1000, 1000),
    ),
    "a file gone": ("greeting/deep/words.py: not there", lambda one: (one.site / "greeting/deep/words.py").unlink()),
    "all gone": ("", lambda one: shutil.rmtree(one.runtime.folder)),
}


def _same_time(path: Path) -> None:
    status = path.stat()
    path.write_text(path.read_text().replace("hello", "hallo"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("what", TAMPERINGS)
def test_what_somebody_did_to_them_is_told_and_mended(installed: Volume, what: str) -> None:
    """The first names with why; the same steps as for a new volume bring back what should be there."""
    told, tamper = TAMPERINGS[what]
    tamper(installed)
    (found,) = installed.differing()
    below = "" if told.startswith("bin/") else f"{installed.runtime.site}/"
    assert found == (f"{below}{told}" if told else f"{installed.runtime.folder}: not there")
    installed.install()
    assert installed.differing() == []
    assert sorted(one.name for one in Path(installed.runtime.folder).parent.iterdir()) == [installed.runtime.name]


def test_no_stamp_for_what_differs(installed: Volume, tmp_path: Path) -> None:
    """It is the launcher's one reason to trust the volume."""
    (installed.site / "evil.pth").write_text("import os\n")
    assert installed.differing(tmp_path)
    assert not [one for one in tmp_path.iterdir() if one.name == installed.runtime.name]


@pytest.mark.parametrize("which", ["", ".zagent", ".zagent/runtime"])
@pytest.mark.parametrize(("owner", "mode"), [(1000, 0o755), (0, 0o775), (0, 0o1777)])
def test_a_way_there_that_others_could_change_is_no_good(installed: Volume, which: str, owner: int, mode: int) -> None:
    """Whoever owns a folder above could put another in this one's place, right after the check."""
    folder = installed.root / which
    folder.chmod(mode)
    os.chown(folder, owner, 0)
    assert installed.differing() == [f"{folder}: owner {owner}, mode {mode:o}"]


@pytest.mark.parametrize("which", [".zagent", ".zagent/runtime"])
def test_a_way_there_through_a_link_is_no_good(installed: Volume, which: str) -> None:
    """Neither to the check, nor to whoever would unpack and delete there."""
    folder = installed.root / which
    elsewhere = installed.root / "elsewhere"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)
    before = sorted(elsewhere.rglob("*"))
    assert f"{folder}: no folder" in installed.differing()
    with pytest.raises(CommandFailed, match="lies behind a link"):
        installed.install()
    assert sorted(elsewhere.rglob("*")) == before


def test_what_a_crash_left_goes_and_nothing_else(installed: Volume) -> None:
    """Half-unpacked folders, and one moved aside; other runtimes stay, and so does what a link points to."""
    folder = Path(installed.runtime.folder).parent
    kept = installed.root / "kept"
    kept.mkdir()
    (kept / "photo").write_text("mine")
    for name in (".new-x", ".old-x", "another"):
        (folder / name).mkdir()
        (folder / name / "way").symlink_to(kept)
    (folder / ".new-link").symlink_to(kept)
    installed.install()
    assert sorted(one.name for one in folder.iterdir()) == sorted([installed.runtime.name, "another"])
    assert (kept / "photo").read_text() == "mine"


def test_equal_packages_give_equal_lists(empty: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever makes them: else the next operator's converge would find that everything differs."""
    first = wheelhouse.listing(empty.runtime).read_text()
    monkeypatch.setenv("XDG_CACHE_HOME", str(empty.root.parent / "another"))
    os.utime(empty.root.parent / "greeting-1.0-py3-none-any.whl", (0, 0))
    assert wheelhouse.listing(empty.runtime).read_text() == first
    assert "bin/greet" not in first


def test_code_of_ours_is_compiled_where_it_lies(empty: Volume) -> None:
    """On the system disk, where only root writes."""
    folder = empty.root.parent / "opt"
    for _ in range(2):
        python = empty.runtime.python.executable
        Unpack("the agent", str(folder), "agent", agent.archive, python, f"{empty.root.parent}/archives").take(empty.to)
    assert list((folder / "agent").rglob("*.pyc"))
    assert [one.name for one in folder.iterdir()] == ["agent"]


def test_an_archive_holds_no_commands_of_this_machine(empty: Volume) -> None:
    """Nor what the package's record says of them."""
    with tarfile.open(wheelhouse.archive(empty.runtime)) as tar:
        record = tar.extractfile(f"{empty.runtime.site}/greeting-1.0.dist-info/RECORD")
        assert record is not None
        assert b"bin/" not in record.read()
        assert [one.name for one in tar if "bin/" in one.name] == ["bin/python"]
