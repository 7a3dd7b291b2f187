"""Whatever the libraries raise becomes one of our errors."""

from __future__ import annotations

import errno

import pytest
import safetensors
import torch
from zagent.errors import (
    EngineUnavailable,
    InputOutputError,
    NotFinite,
    OutOfMemory,
    Unexpected,
    WeightsDamaged,
    ZagentError,
)
from zagent.generate.engine_device import is_out_of_memory, translate

pytestmark = pytest.mark.engine

SAFETENSORS = [one for one in vars(safetensors).values() if isinstance(one, type) and issubclass(one, Exception)]


def told(error: BaseException) -> ZagentError:
    """The translation."""
    return translate(error, "owner/name", "64x64", "the GPU")


def test_safetensors_has_exceptions() -> None:
    """The walk below walks something."""
    assert safetensors.SafetensorError in SAFETENSORS


@pytest.mark.parametrize("kind", SAFETENSORS)
def test_every_public_exception_of_safetensors_is_mapped(kind: type[Exception]) -> None:
    """Each means that a weights file is damaged."""
    assert isinstance(told(kind("invalid header")), WeightsDamaged)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), OutOfMemory),
        (MemoryError(), OutOfMemory),
        (RuntimeError("CUDA error: out of memory"), OutOfMemory),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), OutOfMemory),
        (torch.AcceleratorError("CUDA error: an illegal memory access was encountered"), EngineUnavailable),
        (OSError(errno.EIO, "Input/output error", "x.safetensors"), InputOutputError),
        (NotFinite(what="x", where="y"), NotFinite),
        (RuntimeError("size mismatch"), Unexpected),
        (KeyError("x"), Unexpected),
    ],
)
def test_each_failure_gets_its_class(error: BaseException, kind: type[ZagentError]) -> None:
    """Memory, the GPU, the disk, our own errors, and the rest."""
    assert type(told(error)) is kind


def test_the_cpu_allocator_is_understood() -> None:
    """What torch really raises when the CPU has no memory left counts as out of memory."""
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)
    assert "allocate" in told(caught.value).message


def test_only_the_first_line_is_told() -> None:
    """Advice for programmers that follows an error is left out."""
    assert told(RuntimeError("\nit broke\nSet CUDA_LAUNCH_BLOCKING=1")).message == "Unexpected RuntimeError: it broke"
    assert told(AssertionError()).message == "Unexpected AssertionError: AssertionError"
