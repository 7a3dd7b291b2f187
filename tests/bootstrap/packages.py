"""A small package as a wheel, made ready by the real machinery and put on this machine, below a test's own folder."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from infra.bootstrap import wheelhouse
from infra.bootstrap.facts import parsers
from infra.bootstrap.facts.commands import ANSWERS
from infra.bootstrap.facts.model import Python
from infra.bootstrap.gather import on_host
from infra.bootstrap.permission import Record
from infra.bootstrap.runtime import Pinned, Runtime
from infra.bootstrap.steps.base import Target
from infra.bootstrap.steps.files import Unpack
from infra.bootstrap.steps.runtime import Compile, PlaceList
from tests.bootstrap.local_host import LocalHost, Noted


def system_python() -> Python:
    """The system's interpreter, which any user may run, as a host tells of it."""
    its = {**os.environ, "PATH": "/usr/bin:/bin", "AGENT": "/nowhere", "ROOT": "/nowhere"}
    done = subprocess.run(["sh", "-c", ANSWERS], env=its, capture_output=True, text=True, check=True)
    found = parsers.python(done.returncode, done.stdout)
    assert found
    return found


CONTENT = {
    "greeting/__init__.py": "HELLO = 'hello'\n",
    "greeting/deep/__init__.py": "",
    "greeting/deep/words.py": "WORDS = ['hello']\n",
    "greeting/tool": "#!/bin/sh\n",
    "greeting-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n",
    "greeting-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "greeting-1.0.dist-info/entry_points.txt": "[console_scripts]\ngreet = greeting:HELLO\n",
}


def wheel(folder: Path) -> Pinned:
    """Make the wheel there; its line of a lock file."""
    path = folder / "greeting-1.0-py3-none-any.whl"
    lines = [f"{name},sha256={_digest(text)},{len(text)}\n" for name, text in CONTENT.items()]
    with zipfile.ZipFile(path, "w") as made:
        for name, text in {**CONTENT, "greeting-1.0.dist-info/RECORD": "".join(lines)}.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100755 if name.endswith("tool") else 0o100644) << 16
            made.writestr(info, text)
    return Pinned("greeting", "1.0", (f"--hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}",))


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True)
class Volume:
    """A data root with the package on it, and the system disk's folders beside it."""

    root: Path
    listing: Path
    runtime: Runtime
    to: Target

    def install(self) -> None:
        """What the plan does where the packages are absent or differ."""
        self.place_list()
        made = partial(wheelhouse.archive, self.runtime)
        folder = str(Path(self.runtime.folder).parent)
        archives = str(self.root.parent / "opt/.archives")
        Unpack("the packages", folder, self.runtime.name, made, archives=archives).take(self.to)
        self.compile()

    def place_list(self) -> None:
        """The list alone."""
        PlaceList(partial(wheelhouse.listing, self.runtime), str(self.listing)).take(self.to)

    def compile(self) -> None:
        """The compiled code alone."""
        Compile(self.runtime).take(self.to)

    @property
    def site(self) -> Path:
        """Where the packages lie."""
        return Path(self.runtime.folder) / self.runtime.site

    def differing(self, *more: str | Path) -> list[str]:
        """What the check finds."""
        ran = self.to.host.run(on_host("check", str(self.listing), str(self.root), *map(str, more)))
        assert ran.err == ""
        told: dict[str, Any] = json.loads(ran.out)
        assert told["folder"] == self.runtime.folder
        assert ran.exit_code == (1 if told["differing"] else 0)
        return list(told["differing"])

    def python(self, *words: str, user: int = 65534) -> subprocess.CompletedProcess[str]:
        """Run the environment's own interpreter as a user who can write nothing here."""
        command = [f"{self.runtime.folder}/bin/python", "-B", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, user=user, group=user, cwd="/")


def volume(folder: Path) -> Volume:
    """A volume and a system disk below ``folder``, empty but for the folders that the bootstrap has made by then."""
    tools, root = folder / "tools", folder / "data"
    for one in (tools, root, folder / "opt", folder / "etc"):
        shutil.rmtree(one, ignore_errors=True)
        one.mkdir()
    (root / ".zagent/runtime").mkdir(parents=True)
    runtime = Runtime(system_python(), (wheel(folder),), "", ())
    return Volume(root, folder / "etc/runtime.json", runtime, Target(LocalHost(tools), Noted(Record(0)), print))
