"""What a local cloud is made of and is slow to make: made once, in parallel, and kept for all clones."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from pathlib import Path

from tests.localcloud import cache, plugins, pulumi_cli
from tests.localcloud.errors import LocalCloudError, Missing
from tests.localcloud.hosts import accelerator, image
from tests.localcloud.process import POLL_SECONDS, descendants
from tests.localcloud.state import REPOSITORY

Progress = Callable[[str], None]
"""Gets a line before a long step and after each part."""

LIBRARIES = ("diffusers", "safetensors", "tokenizers", "torch", "transformers")
"""Their versions decide the bytes of the tiny model."""


def silent(_: str) -> None:
    """Progress for nobody."""


def missing(hosts: bool = True) -> list[Missing]:
    """What this machine can't have, of the parts that a cloud with or without machines needs."""
    return [*pulumi_cli.missing(), *plugins.missing(), *(image.missing() if hosts else [])]


def shortcomings(hosts: bool) -> list[str]:
    """What a cloud goes without on this machine, why, and what would help; the rest of it works."""
    machines = image.missing() if hosts else []
    return [f"no AWS resources for Pulumi, for lack of {one}" for one in plugins.missing()] + [
        f"no virtual machines, for lack of {one}" for one in machines
    ]


def cached() -> frozenset[str]:
    """The parts that need no more work."""
    found = {"Pulumi CLI": pulumi_cli.find(), "VM image": image.find()}
    return frozenset(part for part, one in found.items() if one)


def prepare(hosts: bool, progress: Progress) -> Path:
    """Make what is not there yet; the CLI's executable.

    Raises:
        LocalCloudError: a part can't be had.
    """
    makers: dict[str, Callable[[], Path]] = {
        "Pulumi CLI": partial(pulumi_cli.obtain, progress),
        "tiny model": tiny_model,
    }
    if hosts:
        makers["VM image"] = partial(_image, progress)
    with ThreadPoolExecutor() as pool:
        made = {part: pool.submit(_timed, part, make, progress) for part, make in makers.items()}
        try:
            return {part: making.result() for part, making in made.items()}["Pulumi CLI"]
        except BaseException:
            # Of an interruption, too: the pool waits for its threads, and those wait for compilers and the like.
            # Until they have ended: one may start another meanwhile, and the kernel's list of children has gaps.
            while not all(making.done() for making in made.values()):
                for one in descendants():
                    one.end()
                time.sleep(POLL_SECONDS)
            raise


def _image(progress: Progress) -> Path:
    """The image, and the knowledge how it runs here: a try that the first launch must not pay for."""
    made = image.obtain(progress)
    accelerator.best(made.kernel)
    return made.folder


def _timed(part: str, make: Callable[[], Path], progress: Progress) -> Path:
    begun = time.monotonic()
    made = make()
    progress(f"{part:<12} {time.monotonic() - begun:6.1f} s")
    return made


def tiny_model() -> Path:
    """The model that the hub serves, of the same bytes on every machine with the same libraries."""
    recipe = (REPOSITORY / "tests/standin/tiny.py").read_bytes()
    return cache.made("tiny-model", cache.key_of(recipe, *map(version, LIBRARIES)), _write_tiny_model)


def _write_tiny_model(folder: Path) -> None:
    """In a process of its own: torch and its memory are of no use afterwards."""
    command = [sys.executable, "-m", "tests.standin", "tiny", str(folder)]
    made = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    if made.returncode:
        raise LocalCloudError(f"The tiny model could not be made:\n{made.stderr[-2000:]}")
