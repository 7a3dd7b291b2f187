"""The GPU, the memory and the versions, asked without loading torch."""

from __future__ import annotations

import subprocess
from importlib import metadata

from zagent import __version__, rescue, text
from zagent.doctor.check import Check, Finding, ok, warning
from zagent.errors import INSTALL_ENGINE, EngineUnavailable
from zagent.generate import facts, memory
from zagent.generate.request import Size, precision
from zagent.settings import Settings
from zagent.weights.model import Model
from zagent.weights.store import Store

ENGINE = {"torch": (2, 11), "diffusers": (0, 41), "transformers": (5, 0), "accelerate": (1, 10)}
"""The oldest versions the engine runs on."""

_QUERY = [
    "nvidia-smi",
    "--query-gpu=name,driver_version,memory.free,memory.total",
    "--format=csv,noheader,nounits",
]
_MIB = 1 << 20


def _gpu(settings: Settings) -> Finding:
    answer = _nvidia_smi()
    if answer is None:
        return warning("no GPU answers: images would run on the CPU", "nvidia-smi   tells what the driver says")
    name, driver, free, total = parse_gpu(answer)
    if free is None or total is None:
        return ok(f"{name}, driver {driver}, shares the machine's memory: {text.size(memory.available())} free")
    return ok(f"{name}, driver {driver}, {text.size(free)} of {text.size(total)} free")


def parse_gpu(line: str) -> tuple[str, str, int | None, int | None]:
    """Name, driver, and bytes free and in all of ``nvidia-smi``'s first GPU, None where it has no memory of its own.

    It says ``[N/A]`` then. Pure.
    """
    name, driver, *memories = (one.strip() for one in line.splitlines()[0].split(","))
    free, total = (int(one) * _MIB if one.isdigit() else None for one in memories)
    return name, driver, free, total


def _nvidia_smi() -> str | None:
    try:
        done = subprocess.run(_QUERY, capture_output=True, text=True, check=False, timeout=4)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 and done.stdout.strip() else None


def _plan(settings: Settings) -> Finding:
    store, size = Store(settings), Size(1024, 1024)
    store.present(Model())
    room = _room()
    known = facts.read(store.snapshot(Model()), Model().id)
    plan = memory.choose(memory.need(known, size, precision(room.device)), room, size)
    return ok(f"{size} on {room.name}: {plan.name} ({plan.why})")


def _room() -> memory.Room:
    answer = _nvidia_smi()
    if answer is None:
        return memory.Room("cpu", "the CPU", memory.available())
    name, _, free, total = parse_gpu(answer)
    ram = memory.available()
    return memory.Room("cuda", name, ram, ram if free is None else free, ram if total is None else total)


def _versions(settings: Settings) -> Finding:
    found = {name: _version(name) for name in ENGINE}
    absent = [name for name, version in found.items() if version is None]
    if absent and rescue.reason() == rescue.ROOT:
        return ok(f"zagent {__version__} in the rescue environment, as ever for root; users run it with the engine")
    if absent and (needed := rescue.needs(", ".join(absent))):
        raise needed
    if absent:
        raise EngineUnavailable(why=f"{', '.join(absent)} not installed", hint=INSTALL_ENGINE)
    old = [f"{name} {version}" for name, version in found.items() if version and _release(version) < ENGINE[name]]
    line = ", ".join([f"zagent {__version__}", *(f"{name} {version}" for name, version in found.items())])
    return warning(f"too old: {', '.join(old)}", INSTALL_ENGINE) if old else ok(line)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("+")[0].split(".")[:2] if part.isdigit())


CHECKS = [Check("GPU", _gpu), Check("memory plan", _plan), Check("versions", _versions)]
