"""How much memory an image needs, how much there is, and which plan fits. Pure but for ``available``.

The weights are counted exactly, from the files. The rest is an estimate: at 1024x1024 in bfloat16 decoding takes
about 4 GB beside 20.5 GB of weights (24.5 GB peak: vllm-project/vllm-omni#2795).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zagent import text
from zagent.errors import MemoryShort
from zagent.generate.facts import ModelFacts
from zagent.generate.request import Size

BYTES = {"bfloat16": 2, "float32": 4}
LOADING = 4 * 10**9
"""Bytes of RAM to bring any model to a GPU, an estimate with slack. Weights pass through one tensor at a time, from
pages the kernel can drop: a float32 transformer of 8.7 GB took 0.08 GB beside the libraries' 0.45 (measured without a
GPU, on torch's "meta" device). The driver's context is not measured; 1 GB or so is assumed."""
SPARE = 10**9
"""Bytes of a GPU that no plan counts on, an estimate: libraries' workspaces and the holes between tensors."""

_DECODED = 16
"""Feature maps of full image size and the VAE's first width that are alive at once while decoding."""
_DENOISED = 24
"""Hidden states of the transformer's width that are alive at once for each token."""
_CAPTION = 512
"""Tokens of the longest prompt."""


@dataclass(frozen=True)
class Room:
    """Memory in bytes: ``ram`` that this process may take, and of the GPU ``free`` and ``total``, None on a CPU."""

    device: str
    name: str
    ram: int
    free: int | None = None
    total: int | None = None


@dataclass(frozen=True)
class Need:
    """Bytes for each component's weights in the format they run in, and the most its work takes beside them."""

    weights: dict[str, int]
    work: dict[str, int]

    @property
    def resident(self) -> int:
        """All components at once, and the hungriest work."""
        return sum(self.weights.values()) + max(self.work.values())

    @property
    def sequential(self) -> int:
        """One component at a time: the hungriest with its own work."""
        return max(self.weights[name] + self.work[name] for name in self.weights)


@dataclass(frozen=True)
class Plan:
    """How the components share the memory; ``why`` has the figures."""

    resident: bool
    why: str

    @property
    def name(self) -> str:
        """As people read it."""
        return "all resident" if self.resident else "encode first, then denoise, then decode"

    def smaller(self) -> Plan | None:
        """The next plan that needs less, or None after the smallest."""
        return Plan(False, "the plan before ran out of memory") if self.resident else None


def need(facts: ModelFacts, size: Size, precision: str) -> Need:
    """What an image of ``size`` needs in ``precision``."""
    width = BYTES[precision]
    tokens = size.pixels // 256 + _CAPTION
    hidden = tokens * facts.transformer_width * width * _DENOISED
    decoded = size.pixels * facts.vae_width * width * _DECODED
    work = {"text_encoder": hidden, "transformer": hidden, "vae": decoded}
    return Need({name: count * width for name, count in facts.parameters.items()}, work)


def choose(wanted: Need, room: Room, size: Size) -> Plan:
    """The fastest plan that fits.

    Raises:
        MemoryShort: none does, with the figures.
    """
    if room.free is not None and room.ram < LOADING:
        why = f"loading takes {text.size(LOADING)} of RAM, {text.size(room.ram)} are available"
        raise MemoryShort(size=size, device=room.name, why=why, hint="end what else uses the memory (`free -h`)")
    place, have, spare = ("RAM", room.ram, 0) if room.free is None else ("GPU memory", room.free, SPARE)
    for resident, most in ((True, wanted.resident + spare), (False, wanted.sequential + spare)):
        if most <= have:
            return Plan(resident, f"{text.size(most)} of {text.size(have)} free {place}")
    why = f"{text.size(wanted.resident + spare)} of {place} for all at once, {text.size(wanted.sequential + spare)} "
    why += f"for one part at a time, {text.size(have)} are free"
    raise MemoryShort(size=size, device=room.name, why=why, hint=_hint(wanted, room))


def _hint(wanted: Need, room: Room) -> str:
    if room.device == "cpu":
        weights = text.size(sum(wanted.weights.values()))
        return f"take a smaller --size, or use a machine with a GPU: on a CPU the weights alone take {weights}"
    return "end what else uses the GPU (`nvidia-smi`), take a smaller --size, or a larger card"


def available(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes of RAM that this process can take before the kernel kills it: the machine's, or its cgroup's rest."""
    return min([_machine(proc), *_limits(proc, cgroups)])


def _machine(proc: Path) -> int:
    lines = (proc / "meminfo").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))


def _limits(proc: Path, cgroups: Path) -> list[int]:
    """What each cgroup above this process still allows, in both versions of the kernel's interface."""
    found = []
    for line in _text(proc / "self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            found += _walk(cgroups, path, "memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            found += _walk(cgroups / "memory", path, "memory.limit_in_bytes", "memory.usage_in_bytes")
    return found


def _walk(mount: Path, path: str, limit: str, usage: str) -> list[int]:
    """In a container the path may be the host's, and only the mount itself is there."""
    folder = mount / path.lstrip("/")
    folders = [one for one in (folder, *folder.parents) if one == mount or mount in one.parents]
    return [rest for one in folders if (rest := _rest(one, limit, usage)) is not None]


def _rest(folder: Path, limit: str, usage: str) -> int | None:
    most, used = _text(folder / limit).strip(), _text(folder / usage).strip()
    if not most.isdigit() or not used.isdigit():  # "max", or no limit here
        return None
    return max(0, int(most) - int(used) + _cached(folder))


def _cached(folder: Path) -> int:
    """File pages that the kernel takes back before it kills, such as weights just downloaded and verified."""
    stat = dict(line.split() for line in _text(folder / "memory.stat").splitlines())
    prefix = "total_" if "total_active_file" in stat else ""  # version 1: with the cgroups below
    return sum(int(stat.get(f"{prefix}{kind}_file", 0)) for kind in ("active", "inactive"))


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
