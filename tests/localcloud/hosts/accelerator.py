"""Whether virtual machines run on the processor itself (KVM), or must be emulated."""

from __future__ import annotations

import os
import subprocess
from functools import partial
from pathlib import Path

from tests.localcloud import cache

KVM = "kvm"
EMULATION = "tcg,thread=multi"
"""QEMU's own, some ten times slower."""

PROBE_SECONDS = 20
"""A kernel without a root disk gives up after 2 s, even emulated."""


def best(kernel: Path) -> str:
    """KVM where a probe proves that it works, else EMULATION: the value of QEMU's ``-accel``.

    That /dev/kvm is there proves nothing: inside some virtual machines it is, and its guests hang. The result is kept
    for as long as kernel and processor stay the same.
    """
    return (cache.made("accelerator", cache.key_of(_host()), partial(_probe, kernel)) / "name").read_text()


def _host() -> str:
    processor = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    return f"{os.uname().release} {os.uname().version} {processor} {os.access('/dev/kvm', os.R_OK | os.W_OK)}"


def _probe(kernel: Path, folder: Path) -> None:
    (folder / "name").write_text(KVM if _works(KVM, kernel) else EMULATION)


def _works(accelerator: str, kernel: Path) -> bool:
    """Whether ``kernel`` comes as far as giving up on a missing root disk, whereupon the machine ends well."""
    machine = ["qemu-system-x86_64", "-nodefaults", "-display", "none", "-machine", "q35", "-m", "256", "-no-reboot"]
    probe = [*machine, "-accel", accelerator, "-cpu", "max", "-kernel", str(kernel), "-append", "panic=-1"]
    try:
        return subprocess.run(probe, capture_output=True, timeout=PROBE_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False
