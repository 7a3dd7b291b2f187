"""What is slow to make, when making it is interrupted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.localcloud.local import LocalCloud
from tests.localcloud.process import Process
from tests.localcloud.waiting import until

ENDLESS_GO = """#!/bin/sh
[ "$1" = version ] && { echo go version go1.26.0 linux/amd64; exit; }
echo $$ > "$TOLD.part" && mv "$TOLD.part" "$TOLD"
exec sleep 600
"""


def test_an_interrupted_start_leaves_neither_compilers_nor_half_a_part(tmp_path: Path) -> None:
    """SIGTERM during the build of the CLI ends the build with it, and the cache has nothing half made."""
    (tmp_path / "go").write_text(ENDLESS_GO)
    (tmp_path / "go").chmod(0o755)
    told, caches = tmp_path / "told", tmp_path / "caches"
    variables = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "XDG_CACHE_HOME": str(caches),
        "TOLD": str(told),
        "https_proxy": "http://127.0.0.1:9",  # where nobody listens: no internet
    }
    command = [
        sys.executable,
        "-I",
        "-m",
        "tests.localcloud",
        "start",
        "--no-hosts",
        "--state",
        str(tmp_path / "state"),
    ]
    with subprocess.Popen(command, env=os.environ | variables, stdout=subprocess.DEVNULL) as start:
        until(told.exists)
        compiler = Process.of(int(told.read_text()))
        start.terminate()
        assert start.wait(60) == 143
    assert not compiler.alive()
    assert not [one for one in (caches / "zagent").iterdir() if one.suffix != ".lock"]


@pytest.mark.cloud
def test_a_machine_without_qemu_has_a_cloud_without_machines(obtainable: None, tmp_path: Path) -> None:
    """`start` says which packages it lacks, and what works without them does."""
    (tmp_path / "bin").mkdir()
    if found := shutil.which("pulumi"):
        (tmp_path / "bin/pulumi").symlink_to(found)
    cloud = LocalCloud(tmp_path / "state")
    command = [sys.executable, "-I", "-m", "tests.localcloud", "start", "--state", str(cloud.folder)]
    poor = os.environ | {"PATH": str(tmp_path / "bin")}
    try:
        start = subprocess.run(command, env=poor, capture_output=True, text=True, timeout=240)
        assert start.returncode == 0, start.stderr
        for package in ("qemu-system-x86", "qemu-utils", "socat"):
            assert f"apt-get install {package}" in start.stdout
        running = cloud.state.running()
        assert running
        assert not running.hosts
    finally:
        cloud.stop()
