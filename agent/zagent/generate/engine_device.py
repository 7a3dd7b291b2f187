"""The device: which there is, how much memory it has, and what its errors mean."""

from __future__ import annotations

import diffusers
import torch
import transformers
from safetensors import SafetensorError

from zagent import __version__
from zagent.errors import (
    EngineUnavailable,
    OutOfMemory,
    Unexpected,
    WeightsDamaged,
    ZagentError,
    from_os_error,
)
from zagent.generate import memory

_NO_MEMORY = ("can't allocate memory", "out of memory", "ALLOC_FAILED")
"""How the CPU's allocator, the CUDA runtime and its libraries say it in a plain RuntimeError."""


def pick(asked: str) -> str:
    """The device for ``auto``, ``cuda`` or ``cpu``: the GPU where one is usable.

    Raises:
        EngineUnavailable: ``cuda`` was asked for and there is none.
    """
    if asked == "cpu":
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    if asked == "cuda":
        raise EngineUnavailable(why="torch finds no usable GPU", hint="nvidia-smi; zagent doctor")
    return "cpu"


def room(device: str) -> memory.Room:
    """The memory there is, now."""
    ram = memory.available()
    if device == "cpu":
        return memory.Room("cpu", "the CPU", ram)
    free, total = torch.cuda.mem_get_info()
    return memory.Room("cuda", torch.cuda.get_device_name(), ram, free, total)


def versions() -> dict[str, str]:
    """What decides how pixels come out."""
    return {
        "zagent": __version__,
        "torch": torch.__version__,
        "diffusers": diffusers.__version__,
        "transformers": transformers.__version__,
    }


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch says that memory ran out, on a GPU or (a plain RuntimeError) on the CPU."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY)


def is_the_machine(error: BaseException) -> bool:
    """Whether memory, GPU or disk failed, and not what was read or computed."""
    return (
        is_out_of_memory(error)
        or isinstance(error, torch.AcceleratorError)
        or (isinstance(error, OSError) and error.errno is not None)
    )


def first_line(error: BaseException) -> str:
    """What an error says, without the advice for programmers that follows."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def translate(error: BaseException, model: str, size: object, device: str) -> ZagentError:
    """The ZagentError for whatever torch, diffusers, transformers or safetensors raised."""
    if isinstance(error, ZagentError):
        return error
    if is_out_of_memory(error):
        return OutOfMemory(device=device, size=size, why=first_line(error))
    if isinstance(error, SafetensorError):
        return WeightsDamaged(model=model, why=f"a weights file can't be read: {first_line(error)}")
    if isinstance(error, torch.AcceleratorError):
        return EngineUnavailable(why=f"{device} failed: {first_line(error)}", hint="nvidia-smi; zagent doctor")
    if isinstance(error, OSError):
        return from_os_error(error)
    return Unexpected(kind=type(error).__name__, detail=first_line(error))
