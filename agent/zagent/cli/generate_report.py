"""The words of ``zagent generate``, ``replay`` and ``show``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

from zagent import text
from zagent.cli.app import State
from zagent.cli.output import Output
from zagent.errors import OutputExists, ReplayDiffers, UsageError
from zagent.generate import output as outputs
from zagent.generate import record, schedule
from zagent.generate.replay import again, differing
from zagent.generate.request import Request, parse_size, random_seed
from zagent.generate.session import Job, Made, run
from zagent.weights.model import Model


def request(prompt: str, size: str, steps: int, guidance: float, seed: int | None, count: int) -> Request:
    """A checked request from a command line's words; ``-`` takes the prompt from standard input."""
    words = _standard_input() if prompt == "-" else prompt
    return Request(words, parse_size(size), steps, guidance, random_seed() if seed is None else seed, count)


def _standard_input() -> str:
    if sys.stdin is None:  # so Python has it when the shell closed it
        raise UsageError(detail="the prompt should come from standard input, but that is closed")
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig").strip()  # Windows editors put a mark before the text
    except UnicodeDecodeError as error:
        raise UsageError(detail="the prompt on standard input is not UTF-8") from error


def generate(here: State, asked: Request, target: Path | None, device: str, *, overwrite: bool) -> None:
    """Make the images and say where each is."""
    store, output = here.store, here.output
    if note := schedule.warning(asked.steps):
        output.say(f"warning: {note}")
    paths = outputs.paths(target, asked.seeds, store.settings, overwrite=overwrite)
    with output.steps(asked.count, asked.evaluations) as on_step:
        job = Job(store, Model(), asked, device, say=output.say, on_step=on_step)
        for path, made in zip(paths, run(job), strict=True):
            _save(here, made, path, overwrite=overwrite)


def _save(here: State, made: Made, path: Path, *, overwrite: bool) -> None:
    try:
        outputs.make_folder(path.parent, here.settings)
        made.save(path, overwrite=overwrite)
    except FileExistsError as error:
        raise OutputExists(path=path) from error
    size = text.size(path.stat().st_size)
    line = f"{path}  ({made.record.width}x{made.record.height}, seed {made.record.seed}, {size})"
    here.output.result(line, event="image", path=path, record=asdict(made.record))


def replay(here: State, file: Path, target: Path | None, device: str) -> None:
    """Make the image again and compare.

    Raises:
        ReplayDiffers: a pixel differs.
    """
    recipe, before = record.read(file)
    paths = outputs.paths(target, [recipe.seed], here.settings, overwrite=False) if target else []
    with here.output.steps(1, recipe.evaluations) as on_step:
        made = again(file, recipe, here.store, device, here.output.say, on_step)
    for path in paths:
        _save(here, made, path, overwrite=False)
    if count := differing(before, made.image):
        why = f"{count} of {recipe.width * recipe.height} pixels differ; made on {recipe.device} with "
        why += f"{_versions(recipe)}, now {made.record.device} with {_versions(made.record)}"
        raise ReplayDiffers(path=file, why=why)
    here.output.result(f"{file}: every pixel is equal", event="replayed", path=file, equal=True)


def _versions(recipe: record.Record) -> str:
    return ", ".join(f"{name} {version}" for name, version in recipe.versions.items())


def show(output: Output, file: Path) -> None:
    """Print the record."""
    recipe, _ = record.read(file)
    facts = asdict(recipe)
    lines = [f"{name:<12} {_plain(value)}" for name, value in facts.items() if name != "schema"]
    output.result("\n".join(lines), **facts)


def _plain(value: object) -> str:
    line = str(value)
    if isinstance(value, dict):
        line = ", ".join(f"{name} {version}" for name, version in value.items())
    if isinstance(value, tuple):
        line = ", ".join(f"{sigma:g}" for sigma in value)
    return line if line.isprintable() else repr(line)  # a prompt may hold anything, also what steers a terminal
