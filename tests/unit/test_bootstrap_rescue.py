"""The rescue environment: it is complete, the agent runs in it, and what it can't do it says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import zagent
from zagent import rescue
from zagent.errors import DataRootMissing, RuntimeNeeded

from infra.bootstrap.facts.model import Python
from infra.bootstrap.runtime import RESCUE, lock_text, pinned
from infra.bootstrap.runtime import rescue as environment
from tests.localcloud.hosts.requirements import closure
from tests.weights import files
from tests.weights.conftest import adopted

PYTHON = Python("/usr/bin/python3", (3, 11, 2), "x86_64", (2, 36))
ABSENT = ("torch", "diffusers", "modelscope", "modelscope-hub", "pillow", "numpy")

START = """
import runpy, sys
sys.path[:0] = sys.argv[1:3]
sys.argv = ["zagent", *sys.argv[3:]]
runpy.run_module("zagent", run_name="__main__")
"""
"""Without ``site`` (-S) nothing else that is installed here can be imported."""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with these packages and no other."""
    folder = tmp_path_factory.mktemp("rescue")
    for name in RESCUE:
        for file in metadata.files(name) or ():
            top = file.parts[0]
            if top not in ("..", "__pycache__") and not (folder / top).exists():
                (folder / top).symlink_to(str(metadata.distribution(name).locate_file(top)))
    return folder


def run(packages: Path, *words: str, reason: str = "root", root: str = "/nowhere") -> subprocess.CompletedProcess[str]:
    """Run the agent's code with these packages alone."""
    command = [sys.executable, "-I", "-S", "-c", START, str(Path(zagent.__file__).parent.parent), str(packages)]
    variables = {"PATH": "/usr/bin:/bin", "ZAGENT_RESCUE": reason, "ZAGENT_DATA_ROOT": root}
    return subprocess.run([*command, *words], env=variables, capture_output=True, text=True, check=False)


def test_it_is_what_the_light_dependencies_need_and_no_more() -> None:
    """As the packages installed here tell it."""
    assert set(RESCUE) == closure(["typer", "rich", "python-dotenv"])


@pytest.mark.parametrize("version", [(3, 10, 12), (3, 11, 2), (3, 12, 3), (3, 13, 0)])
def test_the_lock_file_has_all_of_it_for_every_python(version: tuple[int, int, int]) -> None:
    """By name; the versions are those of the runtime."""
    python = Python("/usr/bin/python3", version, "x86_64", (2, 36))
    found = environment(lock_text(), python)
    assert {one.name for one in found.packages} == set(RESCUE)
    assert set(found.packages) <= set(pinned(lock_text(), python))
    assert found.image == ""
    assert found.folder.startswith("/opt/zagent/rescue-")


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        ["env"],
        ["env", "--explain"],
        ["volume", "--help"],
        ["volume", "mount", "--help"],
        ["volume", "adopt", "--help"],
        ["schedule", "--help"],
        ["backup", "--help"],
        ["backup", "add", "--help"],
        ["restore", "--help"],
        ["status", "--help"],
        ["gc", "--help"],
    ],
    ids=" ".join,
)
def test_the_agent_runs_in_it(packages: Path, words: list[str]) -> None:
    """What needs neither weights nor an engine."""
    done = run(packages, *words)
    warned = "warning: The data root /nowhere does not exist" if words[0] == "env" else ""
    assert (done.returncode, bool(done.stderr)) == (0, bool(warned))
    assert done.stderr.startswith(warned)
    assert done.stdout


def test_root_backs_up_and_restores_in_it(packages: Path, tmp_path: Path) -> None:
    """The timers' backup is root's, and so is a restore while the volume's own packages are lost with the rest."""
    root, copy = adopted(tmp_path / "data"), tmp_path / "copy"
    model = files.written(tmp_path / "model", files.needed())
    for words in (
        ["weights", "adopt", str(model)],
        ["backup", "add", "disk2", str(copy), "--same-device"],
        ["backup"],
        ["backup", "check", "--full"],
        ["backup", "ls"],
    ):
        done = run(packages, *words, root=str(root))
        assert done.returncode == 0, done.stderr
    shutil.rmtree(root / "modelscope_cache")
    assert run(packages, "restore", root=str(root)).returncode == 0
    for words in (["verify"], ["gc"]):
        assert run(packages, *words, root=str(root)).returncode == 0
    assert "disk2: " in run(packages, "status", root=str(root)).stdout


@pytest.mark.parametrize("words", [["volume", "show"], ["generate", "x"], ["verify"]], ids=" ".join)
def test_without_the_volume_that_is_what_it_says(packages: Path, words: list[str]) -> None:
    """The volume comes first: whoever mounts it needs no more advice."""
    done = run(packages, *words, reason="unmounted")
    assert done.returncode == DataRootMissing.exit_code
    assert "the data volume is not mounted" in done.stderr


def test_the_doctor_finds_no_fault_with_roots_environment(packages: Path) -> None:
    """Other checks may fail here; that root has no engine is as it should be, that a user has none is not."""
    assert "in the rescue environment, as ever for root" in run(packages, "doctor").stdout
    said = run(packages, "doctor", reason="differs").stdout
    assert "are not those that root put there" in said
    assert "zagent cloud converge" in said


@pytest.mark.parametrize("reason", rescue.REASONS)
def test_what_needs_more_says_so_and_the_way_out(packages: Path, tmp_path: Path, reason: str) -> None:
    """One clear error with a code of its own, whatever the reason."""
    (tmp_path / ".zagent").mkdir()
    done = run(packages, "show", str(_picture(tmp_path)), reason=reason)
    assert done.returncode == RuntimeNeeded.exit_code
    why, hint = rescue.REASONS[reason]
    assert done.stderr == f"error: This needs PIL, which is on the data volume only, and {why}\ntry:   {hint}\n"


def _picture(folder: Path) -> Path:
    from PIL import Image

    Image.new("RGB", (16, 16)).save(folder / "picture.png")
    return folder / "picture.png"


def test_elsewhere_a_missing_package_is_no_matter_of_the_rescue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is a word in the variable that the launcher never says."""
    assert rescue.needs("torch") is None
    monkeypatch.setenv(rescue.VARIABLE, "whatever")
    assert rescue.needs("torch") is None


def test_no_heavy_package_is_in_it() -> None:
    """They are what the data volume is for."""
    assert not set(ABSENT) & closure(RESCUE)
