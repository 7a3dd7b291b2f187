"""Float32 as bfloat16 exactly as torch casts when it loads, for weights that are converted once and for all."""

from __future__ import annotations

import torch


def bfloat16(numbers: memoryview) -> memoryview:
    """Whole float32 numbers, rounded to the nearest bfloat16; ties to even, as torch does it."""
    cast = torch.frombuffer(numbers, dtype=torch.float32).to(torch.bfloat16)
    return cast.view(torch.uint8).numpy().data
