"""Which packages go to a host, and what their environment is made of."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from infra.bootstrap import agent, runtime, wheelhouse
from infra.bootstrap.facts.model import Python
from infra.bootstrap.runtime import Pinned, Runtime, pinned, resolve
from infra.errors import PackagesUnavailable

LOCK = """\
accelerate==1.15.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:cc
numpy==2.2.6 ; python_full_version < '3.11' \\
    --hash=sha256:dd
numpy==2.4.6 ; python_full_version >= '3.11' \\
    --hash=sha256:ee
nvidia-cublas==13.1.1.3 ; sys_platform == 'linux' \\
    --hash=sha256:ff
torch==2.13.0 \\
    --hash=sha256:00
"""
PYTHON = Python("/usr/bin/python3.11", (3, 11, 2), "x86_64", (2, 36))
FOLDER = "/opt/pytorch/lib/python3.11/site-packages"


def names(found: Runtime) -> list[str]:
    """The packages that are brought."""
    return [one.name for one in found.packages]


def test_the_lock_file_is_read_for_the_host() -> None:
    """Markers are the host's, whatever this machine is; hashes stay with their package."""
    found = {one.name: one for one in pinned(LOCK, PYTHON)}
    assert found["accelerate"] == Pinned("accelerate", "1.15.0", ("--hash=sha256:aa", "--hash=sha256:bb"))
    assert found["numpy"].version == "2.4.6"
    assert "colorama" not in found
    older = Python("/usr/bin/python3.10", (3, 10, 12), "x86_64", (2, 35))
    assert {one.name: one.version for one in pinned(LOCK, older)}["numpy"] == "2.2.6"


def test_an_image_without_pytorch_gives_nothing() -> None:
    """Then all is brought, also what the image has by chance."""
    found = resolve(LOCK, PYTHON, {FOLDER: {"numpy": "2.4.6"}})
    assert names(found) == ["accelerate", "numpy", "nvidia-cublas", "torch"]
    assert found.image == ""


def test_an_image_with_a_fitting_pytorch_keeps_it_and_its_own_libraries() -> None:
    """Its nvidia packages have the versions it was built with, which need not be the lock file's."""
    found = resolve(LOCK, PYTHON, {FOLDER: {"torch": "2.12.1+cu128", "nvidia-cublas": "12.8", "numpy": "2.4.6"}})
    assert names(found) == ["accelerate"]
    assert found.image == FOLDER
    assert "torch==2.12.1+cu128" in found.taken


def test_another_version_of_any_other_package_is_brought() -> None:
    """What is not PyTorch is the lock file's version, or it is not taken."""
    assert names(resolve(LOCK, PYTHON, {FOLDER: {"torch": "2.13.0", "numpy": "2.4.5"}})) == ["accelerate", "numpy"]


@pytest.mark.parametrize("version", ["2.10.0", "1.13.1+cu117", "not-a-version"])
def test_a_pytorch_that_the_agent_does_not_run_on_is_left_alone(version: str) -> None:
    """The range is the one that the agent itself declares."""
    assert resolve(LOCK, PYTHON, {FOLDER: {"torch": version}}).image == ""


def test_packages_of_another_python_are_left_alone() -> None:
    """An image may have more than one."""
    other = FOLDER.replace("3.11", "3.12")
    assert resolve(LOCK, PYTHON, {other: {"torch": "2.13.0"}}).image == ""


def test_the_key_changes_with_whatever_the_environment_is_made_of() -> None:
    """And with nothing else: the same want has the same name on every machine."""
    base = resolve(LOCK, PYTHON, {})
    assert base.key == resolve(LOCK, PYTHON, {}).key
    others = [
        resolve(LOCK.replace("sha256:aa", "sha256:ab"), PYTHON, {}),
        resolve(LOCK, Python("/opt/python3.11", (3, 11, 2), "x86_64", (2, 36)), {}),
        resolve(LOCK, PYTHON, {FOLDER: {"torch": "2.13.0"}}),
        resolve(LOCK, PYTHON, {FOLDER: {"torch": "2.12.0"}}),
    ]
    assert len({base.key, *(one.key for one in others)}) == 5


def test_our_own_lock_file_has_the_agent_and_no_tool_of_ours() -> None:
    """What goes to a host is what the agent runs on, not what it is developed with."""
    found = {one.name for one in pinned(runtime.lock_text(), PYTHON)}
    assert {"torch", "diffusers", "transformers", "modelscope-hub", "typer"} <= found
    assert not {"pulumi", "pytest", "moto", "boto3"} & found


def test_our_own_lock_file_agrees_with_the_one_that_tests_run_on() -> None:
    """A host gets the very versions that were tested: stale after a change of either, scripts/lock mends it."""
    tested = (Path(__file__).parents[2] / "requirements.lock").read_text()
    for version in ((3, 10, 12), (3, 11, 2), (3, 12, 3), (3, 13, 0)):
        python = Python("/usr/bin/python3", version, "x86_64", (2, 36))
        assert set(pinned(runtime.lock_text(), python)) <= set(pinned(tested, python))


def test_an_environment_is_made_of_files_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration, a link to the host's interpreter, the packages, the way to the image's; all are listed."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    wanted = Runtime(PYTHON, (), FOLDER, ())
    made = wheelhouse.made(wanted)
    with tarfile.open(made.archive) as tar:
        members = {one.name: one for one in tar.getmembers()}
        way = tar.extractfile(f"{wanted.site}/image.pth")
        assert way is not None
        assert way.read().decode() == f"{FOLDER}\n"
    assert members["bin/python"].linkname == PYTHON.executable
    assert {one.uid for one in members.values()} == {0}
    listed = json.loads(made.listing.read_text())
    assert listed["folder"] == wanted.folder
    assert listed["links"] == {"bin/python": PYTHON.executable}
    assert {*listed["files"], *listed["links"]} == members.keys()
    assert wheelhouse.made(wanted) == made


def test_a_list_without_its_archive_is_made_again_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the archive is, both are: a maker that was ended in between left a list at most."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = wheelhouse.made(Runtime(PYTHON, (), FOLDER, ()))
    before = made.listing.read_text()
    made.archive.unlink()
    made.listing.write_text("cut off")
    assert wheelhouse.made(Runtime(PYTHON, (), FOLDER, ())).listing.read_text() == before


def test_the_rescue_has_a_key_of_its_own() -> None:
    """Also where both would hold the same packages."""
    assert Runtime(PYTHON, (), "", ()).key != Runtime(PYTHON, (), "", (), is_rescue=True).key


def test_wheels_that_cannot_be_had_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that does not answer is one clear error; the next try begins anew."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_RETRIES", "0")
    wanted = Runtime(PYTHON, (Pinned("accelerate", "1.15.0", ("--hash=sha256:" + "0" * 64,)),), "", ())
    with pytest.raises(PackagesUnavailable) as error:
        wheelhouse.made(wanted, "http://127.0.0.1:9/simple")
    assert "Python 3.11 on x86_64" in error.value.message
    assert [one.name for one in (tmp_path / "zagent").iterdir()] == []


def test_the_agent_runs_from_its_archive(tmp_path: Path) -> None:
    """The folder itself is the program; no byte-code of this machine travels."""
    import subprocess
    import sys

    with tarfile.open(fileobj=io.BytesIO(agent.archive())) as tar:
        tar.extractall(tmp_path, filter="data")
    assert not list(tmp_path.rglob("__pycache__"))
    done = subprocess.run([sys.executable, tmp_path, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("zagent ")


def test_the_agents_key_is_its_codes() -> None:
    """It changes with a byte and with a name."""
    one, other = [("a", b"1")], [("a", b"2")]
    assert agent.digest(iter(one)) == agent.digest(iter(list(one)))
    assert len({agent.digest(iter(given)) for given in (one, other, [("b", b"1")], [("a1", b"")])}) == 4
