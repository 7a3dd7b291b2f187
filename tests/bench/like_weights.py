"""``python -m tests.bench.like_weights FOLDER SIZE``: give the files there SIZE bytes that are spread as a model's are.

In a process of its own: what it takes in memory would count as that of whatever is measured afterwards.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy

VALUES = 4 << 20
"""How many at a time."""


def write(folder: Path, size: int) -> None:
    """Half of the safetensors in ``folder`` of fp32, half of bf16, normally distributed."""
    chance = numpy.random.default_rng(7)
    for number, path in enumerate(sorted(folder.rglob("*.safetensors"))):
        with path.open("wb") as file:
            head = b'{"weight":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}' % (size, size)
            file.write(len(head).to_bytes(8, "little") + head)
            left = size
            while left > 0:
                values = (chance.standard_normal(VALUES, dtype=numpy.float32) * 0.02).view(numpy.uint32)
                block = values if number % 2 else (values >> 16).astype(numpy.uint16)
                left -= file.write(block.tobytes()[:left])


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
