"""Which packages the agent's Python environment on a host is made of. Pure.

PyTorch comes from the image where it fits, with the libraries that belong to it: 5 GB that need not travel, built for
the image's driver. Any other package comes from the image only at the very version of the lock file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from importlib.resources import files
from typing import cast

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from infra.bootstrap.facts.commands import IMAGE_PACKAGES
from infra.bootstrap.facts.model import Python
from infra.bootstrap.want import AGENTS, RUNTIMES

FORMAT = "2"
"""Of what an archive holds besides the packages themselves; a new one gives every runtime a new key."""

RESCUE = (
    "annotated-doc",
    "markdown-it-py",
    "mdurl",
    "pygments",
    "python-dotenv",
    "rich",
    "shellingham",
    "typer",
)
"""What the agent needs without weights and without an engine: typer, rich, python-dotenv and all that they need."""

PYTORCH_OWN = ("nvidia-", "cuda-", "triton")
"""How the names of the packages begin that PyTorch alone needs, each at the one version it was built with."""


@dataclass(frozen=True)
class Pinned:
    """One package of the lock file with its hashes, as pip reads them."""

    name: str
    version: str
    hashes: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join([f"{self.name}=={self.version}", *self.hashes])


@dataclass(frozen=True)
class Runtime:
    """An environment: its interpreter, the packages to bring, and the folder of the image that gives the others.

    The one on the volume is the agent's for daily work; ``is_rescue`` is the small one on the system disk.
    """

    python: Python
    packages: tuple[Pinned, ...]
    image: str
    taken: tuple[str, ...]
    is_rescue: bool = False

    @property
    def key(self) -> str:
        """A name that changes with the interpreter and with any package's origin, version or hash."""
        kind = "rescue" if self.is_rescue else "runtime"
        parts = [FORMAT, kind, self.python.executable, self.python.minor, self.image]
        parts += [*self.taken, *map(str, self.packages)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    @property
    def name(self) -> str:
        """Its folder's name."""
        return f"rescue-{self.key}" if self.is_rescue else self.key

    @property
    def folder(self) -> str:
        """Where it lies on the host."""
        return f"{AGENTS if self.is_rescue else RUNTIMES}/{self.name}"

    @property
    def compiled(self) -> str:
        """The folder of the system disk with its compiled code; empty where that lies beside the sources."""
        return "" if self.is_rescue else f"{AGENTS}/compiled-{self.key}"

    @property
    def site(self) -> str:
        """Where its packages lie, below its folder."""
        return f"lib/python{self.python.minor}/site-packages"


def lock_text() -> str:
    """The agent's lock file, the same for every host."""
    return files("infra.bootstrap.files").joinpath("agent.lock").read_text()


def resolve(lock: str, python: Python, images: Mapping[str, Mapping[str, str]]) -> Runtime:
    """What to bring to a host with this interpreter and these packages in its image."""
    folder = IMAGE_PACKAGES.format(minor=python.minor)
    there = images.get(folder, {})
    wanted = list(pinned(lock, python))
    if not _fits(there.get("torch"), torch_range()):
        return Runtime(python, tuple(wanted), "", ())
    kept = [one for one in wanted if _from_image(one, there)]
    taken = tuple(f"{one.name}=={there.get(one.name, '')}" for one in kept)
    return Runtime(python, tuple(one for one in wanted if one not in kept), folder, taken)


def rescue(lock: str, python: Python) -> Runtime:
    """The small environment, which takes nothing from the image: it must run when little else does."""
    return Runtime(python, tuple(one for one in pinned(lock, python) if one.name in RESCUE), "", (), is_rescue=True)


def _from_image(one: Pinned, there: Mapping[str, str]) -> bool:
    if one.name == "torch" or one.name.startswith(PYTORCH_OWN):
        return True
    return one.name in there and there[one.name].partition("+")[0] == one.version


def _fits(version: str | None, wanted: Requirement) -> bool:
    try:
        return version is not None and Version(version) in wanted.specifier
    except InvalidVersion:
        return False


def torch_range() -> Requirement:
    """What the agent itself declares of PyTorch."""
    declared = map(Requirement, metadata.requires("zagent") or ())
    return next(one for one in declared if one.name == "torch")


def pinned(lock: str, python: Python) -> Iterator[Pinned]:
    """The packages of a lock file in pip's format that this interpreter needs."""
    environment = {**cast(dict[str, str], default_environment()), **markers(python)}
    for line in lock.replace("\\\n", " ").splitlines():
        words, *hashes = line.split(" --hash=")
        if not words.strip() or words.startswith("#"):
            continue
        found = Requirement(words)
        if found.marker is None or found.marker.evaluate(environment):
            version = str(found.specifier).removeprefix("==")
            yield Pinned(found.name, version, tuple(f"--hash={one.strip()}" for one in hashes))


def markers(python: Python) -> dict[str, str]:
    """The variables of dependency specifiers as they are on the host (packaging.python.org, same title)."""
    return {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": python.machine,
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": ".".join(map(str, python.version)),
        "python_version": python.minor,
        "sys_platform": "linux",
    }
