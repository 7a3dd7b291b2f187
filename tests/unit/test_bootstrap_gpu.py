"""GPUs and drivers: what nvidia-smi prints, and what the agent can't run on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infra.bootstrap.facts import parsers
from infra.bootstrap.facts.model import Gpu, Python
from infra.bootstrap.plan import gpu
from infra.bootstrap.runtime import Runtime, lock_text, resolve
from infra.errors import HostUnsuitable
from tests.unit.test_bootstrap_plan import new

PYTHON = Python("/usr/bin/python3.11", (3, 11, 2), "x86_64", (2, 36))
FOLDER = "/opt/pytorch/lib/python3.11/site-packages"
OWN = resolve(lock_text(), PYTHON, {})
L40S = Gpu("NVIDIA L40S", "580.95.05", (8, 9))


def of_image(packages: dict[str, str]) -> tuple[Runtime, dict[str, dict[str, str]]]:
    """A runtime that takes PyTorch from an image with these packages."""
    image = {FOLDER: packages}
    return resolve(lock_text(), PYTHON, image), image


def test_what_nvidia_smi_prints() -> None:
    """A line for each GPU; a name may hold a comma."""
    out = "580.95.05, 8.9, NVIDIA L40S\n535.183.01, 12.0, NVIDIA X, with a comma\n"
    assert parsers.gpus(0, out) == (L40S, Gpu("NVIDIA X, with a comma", "535.183.01", (12, 0)))


@pytest.mark.parametrize(
    ("code", "out"),
    [
        (127, ""),
        (9, "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n"),
        (0, "No devices were found\n"),
        (0, "580.95.05, [N/A], [Unknown Error]\n"),
        (124, ""),
    ],
    ids=["not installed", "no driver", "no device", "fallen off the bus", "no answer"],
)
def test_no_gpu_answers(code: int, out: str) -> None:
    """That is a machine without one."""
    assert parsers.gpus(code, out) == ()


@pytest.mark.parametrize(
    ("packages", "found"),
    [
        ({"torch": "2.12.1+cu128"}, 12),
        ({"torch": "2.12.1+cu130", "nvidia-cuda-runtime-cu12": "12.8.90"}, 13),
        ({"torch": "2.13.0", "nvidia-cuda-runtime": "13.0.96"}, 13),
        ({"torch": "2.12.0", "nvidia-cuda-runtime-cu12": "12.8.90"}, 12),
        ({"torch": "2.12.0+cpu"}, 0),
        ({"torch": "2.12.0"}, 0),
    ],
)
def test_the_cuda_of_an_images_pytorch(packages: dict[str, str], found: int) -> None:
    """It says so itself, or the library beside it does; else nothing is asked of the driver."""
    assert gpu.cuda(*of_image(packages)) == found


def test_the_cuda_of_our_own_pytorch_is_one_whose_driver_we_know() -> None:
    """After a newer lock file the table may need a line more."""
    assert gpu.cuda(OWN, {}) in gpu.OLDEST_DRIVER


@pytest.mark.parametrize(
    ("gpus", "packages", "why"),
    [
        ([], {}, ""),
        ([L40S], {}, ""),
        ([Gpu("NVIDIA A10G", "579.99", (8, 6))], {}, "its NVIDIA driver is 579.99, and its PyTorch needs 580 or later"),
        ([Gpu("NVIDIA A10G", "525.60.13", (8, 6))], {"torch": "2.12.1+cu128"}, ""),
        ([Gpu("NVIDIA A10G", "470.1", (8, 6))], {"torch": "2.12.1+cu128"}, "its PyTorch needs 525 or later"),
        ([Gpu("NVIDIA A10G", "470.1", (8, 6))], {"torch": "2.12.0"}, ""),
        ([Gpu("Tesla T4", "580.1", (7, 5))], {}, "its GPU (Tesla T4, compute capability 7.5) has no bfloat16"),
        ([L40S, Gpu("Tesla V100", "580.1", (7, 0))], {}, "Tesla V100"),
        ([Gpu("NVIDIA A100", "580.1", (8, 0))], {}, ""),
    ],
)
def test_what_is_refused(gpus: list[Gpu], packages: dict[str, str], why: str) -> None:
    """With the reason and the way out; a machine without a GPU is not."""
    runtime, image = of_image(packages)
    facts = replace(new()[0], gpus=tuple(gpus), image=image)
    if not why:
        gpu.require(facts, runtime)
        return
    with pytest.raises(HostUnsuitable) as refused:
        gpu.require(facts, runtime)
    assert why in refused.value.message
    advice = refused.value.advice
    assert "set instanceType" in advice or ("set amiId" in advice and "`pulumi destroy`" in advice)


def test_a_host_without_a_gpu_is_told() -> None:
    """It works, but a person should know."""
    facts, _ = new()
    assert "images are made on the CPU" in gpu.remark(replace(facts, gpus=()))
    assert gpu.remark(replace(facts, gpus=(L40S,))) == ""
