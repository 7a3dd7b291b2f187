"""Whether the host's GPU and its driver can run what the agent runs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from infra.bootstrap.facts.model import Facts, Gpu
from infra.bootstrap.runtime import Runtime
from infra.errors import HostUnsuitable

OLDEST_DRIVER = {12: 525, 13: 580}
"""By the major version of CUDA, the oldest driver branch that runs programs made with it (NVIDIA, "CUDA Toolkit Release
Notes", table "CUDA Toolkit and Minimum Required Driver Version for CUDA Minor Version Compatibility")."""

BFLOAT16 = (8, 0)
"""The first compute capability that computes in bfloat16 (NVIDIA, "CUDA C++ Programming Guide", tables of compute
capabilities): Ampere."""

CUDA_LIBRARY = "nvidia-cuda-runtime"
"""The package that tells for which CUDA a PyTorch is that does not say so itself; older ones end in -cu12."""


def require(facts: Facts, runtime: Runtime) -> None:
    """See that every GPU will do; a machine without one may make images on the CPU.

    Raises:
        HostUnsuitable: a GPU has no bfloat16, or the driver is too old for the PyTorch that will run.
    """
    oldest = OLDEST_DRIVER.get(cuda(runtime, facts.image), 0)
    for gpu in facts.gpus:
        if gpu.capability < BFLOAT16:
            why = f"its GPU ({gpu.name}, compute capability {gpu.capability[0]}.{gpu.capability[1]}) has no bfloat16"
            hint = "take a GPU of 2020 or later, such as g5, g6, g6e, p4 or p5 have: set instanceType"
            raise HostUnsuitable(address=facts.address, why=why, hint=hint)
        if gpu.branch < oldest:
            raise _old_driver(facts, gpu, oldest)


def _old_driver(facts: Facts, gpu: Gpu, oldest: int) -> HostUnsuitable:
    why = f"its NVIDIA driver is {gpu.driver}, and its PyTorch needs {oldest} or later"
    hint = "set amiId to a newer image, or to none, `pulumi destroy`, `pulumi up`; on your own machine a newer driver"
    return HostUnsuitable(address=facts.address, why=why, hint=hint)


def remark(facts: Facts) -> str:
    """What a person should know about a host without a GPU; else nothing."""
    return "" if facts.gpus else "; no GPU answers there (nvidia-smi): images are made on the CPU"


def cuda(runtime: Runtime, image: Mapping[str, Mapping[str, str]]) -> int:
    """The major version of CUDA that the runtime's PyTorch is made for; 0 where nothing tells."""
    there = image.get(runtime.image, {})
    if named := re.search(r"\+cu(\d+)\d$", there.get("torch", "")):
        return int(named[1])
    brought = {one.name: one.version for one in runtime.packages}
    return next(_majors({**there, **brought}), 0)


def _majors(packages: Mapping[str, str]) -> Iterator[int]:
    for name, version in packages.items():
        if re.fullmatch(rf"{CUDA_LIBRARY}(-cu\d+)?", name) and version.partition(".")[0].isdigit():
            yield int(version.partition(".")[0])
