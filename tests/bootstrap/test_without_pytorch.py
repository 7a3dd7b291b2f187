"""An image without PyTorch: all of it is brought, from an index of one's own; the real lock, and wheels by real pip."""

from __future__ import annotations

import hashlib
import json
import tarfile
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.bootstrap import wheelhouse
from infra.bootstrap.facts.model import Python
from infra.bootstrap.runtime import Runtime, lock_text, markers, resolve
from infra.errors import PackagesUnavailable

PYTHON = Python("/usr/bin/python3.11", (3, 11, 2), "x86_64", (2, 36))
FOLDER = "/opt/pytorch/lib/python3.11/site-packages"

WHEELS = {
    "accelerate-1.15.0-py3-none-any": "accelerate/__init__.py",
    "nvidia_cublas-13.1.1.3-py3-none-manylinux_2_27_x86_64": "nvidia/cublas/lib/libcublas.so.13",
    "torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64": "torch/__init__.py",
}
"""As the real ones are named, with a file of each."""


def needed(named: Requirement, environment: dict[str, str]) -> Iterator[Requirement]:
    """All that a package needs by what is installed here, which is the lock file's."""
    seen: set[str] = set()
    waiting = [named]
    while waiting:
        one = waiting.pop()
        yield one
        for line in metadata.requires(one.name) or ():
            below = Requirement(line)
            extras = one.extras or {""}
            wanted = below.marker is None or any(below.marker.evaluate({**environment, "extra": it}) for it in extras)
            if wanted and str(below) not in seen:
                seen.add(str(below))
                waiting.append(below)


def test_all_that_the_agent_needs_is_brought() -> None:
    """PyTorch with its libraries for the GPU, each at a version that whoever needs it takes, each with its hashes."""
    brought = {one.name: one for one in resolve(lock_text(), PYTHON, {}).packages}
    environment = {**markers(PYTHON), "platform_release": "", "platform_version": ""}
    found = list(needed(Requirement("zagent[torch]"), environment))[1:]
    assert {"torch", "triton", "diffusers", "transformers"} <= {one.name for one in found}
    assert [one for one in found if one.name.startswith("nvidia-cudnn")]
    for one in found:
        assert brought[canonicalize_name(one.name)].version in one.specifier, one
    assert all(one.hashes for one in brought.values())


def wheel(folder: Path, name: str, content: str) -> str:
    """Make a wheel in the index's folder of its package; its line of a lock file."""
    package, version, *_ = name.split("-")
    path = folder / "simple" / package.replace("_", "-") / f"{name}.whl"
    path.parent.mkdir(parents=True)
    info = f"{package}-{version}.dist-info"
    texts = {
        content: "x = 1\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {name.split('-', 2)[2]}\n",
    }
    with zipfile.ZipFile(path, "w") as made:
        for one, text in {**texts, f"{info}/RECORD": "".join(f"{one},,\n" for one in texts)}.items():
            made.writestr(one, text)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{package.replace('_', '-')}=={version} \\\n    --hash=sha256:{digest}\n"


class Quiet(SimpleHTTPRequestHandler):
    """Says nothing of what it is asked."""

    def log_message(self, *_args: object) -> None:
        """Nowhere."""


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The lock file of the wheels that the index has; pip knows no other index."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    return "".join(wheel(tmp_path, name, content) for name, content in WHEELS.items())


@pytest.fixture
def index(tmp_path: Path, lock: str) -> Iterator[str]:
    """An index of packages, as pythonIndexUrl names it: folders of links are one (PEP 503)."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple"
    finally:
        server.shutdown()
        server.server_close()


def packed(runtime: Runtime, index: str) -> tuple[set[str], dict[str, Any]]:
    """The names in the archive, and the list of what must be there."""
    made = wheelhouse.made(runtime, index)
    with tarfile.open(made.archive) as tar:
        return set(tar.getnames()), json.loads(made.listing.read_text())


def test_pytorch_is_in_the_archive_where_the_image_has_none(lock: str, index: str) -> None:
    """With its libraries, for the host's interpreter and libc, though this machine's may be others."""
    runtime = resolve(lock, PYTHON, {FOLDER: {"numpy": "2.4.6"}})
    names, listed = packed(runtime, index)
    assert {f"{runtime.site}/{one}" for one in WHEELS.values()} <= names
    assert {f"{runtime.site}/{one}" for one in WHEELS.values()} <= {*listed["files"]}
    assert f"{runtime.site}/image.pth" not in names


def test_pytorch_is_not_in_the_archive_where_the_image_has_it(lock: str, index: str) -> None:
    """But the way to the image's."""
    runtime = resolve(lock, PYTHON, {FOLDER: {"torch": "2.13.0+cu130"}})
    names, _ = packed(runtime, index)
    there = {one for one in WHEELS.values() if f"{runtime.site}/{one}" in names}
    assert there == {"accelerate/__init__.py"}
    assert f"{runtime.site}/image.pth" in names


def test_a_libc_that_is_too_old_is_a_clear_error(lock: str, index: str) -> None:
    """No wheel for another machine is ever taken instead."""
    old = Python(PYTHON.executable, PYTHON.version, PYTHON.machine, (2, 27))
    with pytest.raises(PackagesUnavailable, match="torch"):
        wheelhouse.made(resolve(lock, old, {}), index)


def test_another_wheel_of_the_same_name_is_refused(lock: str, index: str, tmp_path: Path) -> None:
    """An index of one's own may be anybody's: its files count by their hashes."""
    (changed,) = (tmp_path / "simple/torch").iterdir()
    with zipfile.ZipFile(changed, "a") as made:
        made.writestr("torch/evil.py", "")
    with pytest.raises(PackagesUnavailable):
        wheelhouse.made(resolve(lock, PYTHON, {}), index)
    assert not list((tmp_path / "cache").rglob("*.tar.gz"))
