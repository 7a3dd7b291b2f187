"""Bytes of a safetensors file in, those of the converted one out: whatever the pieces, the numbers are torch's own."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from zagent.generate.cast import bfloat16
from zagent.weights import safetensors
from zagent.weights.recast import Recast, has_float32, recast

from tests.weights import floats
from tests.weights.floats import Tensor

pytestmark = pytest.mark.engine

MIXED = {
    "a": floats.floats(1000, 1, *floats.ODD),
    "empty": Tensor("F32", (0, 3), b""),
    "scalar": Tensor("F32", (), struct.pack("<f", 1.5)),
    "steps": Tensor("I64", (2,), struct.pack("<2q", 3, -4)),
    "half": Tensor("BF16", (3,), b"abcdef"),
    "mask": Tensor("U8", (3,), b"\x01\x00\x01"),
    "last": floats.floats(77, 2),
}


def plan(content: bytes, tmp_path: Path, notes: dict[str, str] | None = None) -> Recast:
    """How to convert a file of this content."""
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    return recast(safetensors.read(path), notes or {})


def pieces(content: bytes, size: int) -> Iterator[memoryview]:
    """The content in pieces of one buffer that is used again, as the reader does it."""
    buffer = bytearray(size)
    for at in range(0, len(content), size):
        piece = content[at : at + size]
        buffer[: len(piece)] = piece
        yield memoryview(buffer)[: len(piece)]


def converted(content: bytes, tmp_path: Path, size: int = 1 << 22, notes: dict[str, str] | None = None) -> bytes:
    """The converted file, its source read in pieces of ``size`` bytes."""
    return b"".join(bytes(one) for one in plan(content, tmp_path, notes).of(pieces(content, size), bfloat16()))


def loaded(content: bytes) -> dict[str, Any]:
    """The tensors, by the format's own library."""
    from safetensors.torch import load

    return dict(load(content))


def bits(tensor: Any) -> bytes:
    """A tensor's bytes."""
    import torch

    return bytes(tensor.contiguous().view(-1).view(torch.uint8).numpy().tobytes())


@pytest.mark.parametrize("pad", range(9))
@pytest.mark.parametrize("size", [1, 3, 64, 4099, 1 << 22])
def test_every_number_is_as_torch_casts_it_when_it_loads(tmp_path: Path, size: int, pad: int) -> None:
    """Bit by bit, infinities, denormals and ties among them, wherever the file is cut and its numbers begin."""
    import torch

    before = floats.safetensors(MIXED, {"format": "pt"}, pad)
    after = loaded(converted(before, tmp_path, size))
    for name, tensor in loaded(before).items():
        wanted = tensor.to(torch.bfloat16) if tensor.dtype == torch.float32 else tensor
        assert after[name].dtype == wanted.dtype
        assert after[name].shape == wanted.shape
        assert bits(after[name]) == bits(wanted), name


def test_what_is_no_number_stays_none(tmp_path: Path) -> None:
    """Which bits it has torch itself leaves to chance: they differ from one length of a tensor to another."""
    content = floats.safetensors({"a": floats.floats(999, 1, floats.NAN, 0xFFFFFFFF)})
    (after,) = loaded(converted(content, tmp_path)).values()
    assert after.isnan().tolist() == [False] * 999 + [True] * 2


def test_the_pieces_do_not_change_the_file(tmp_path: Path) -> None:
    """Its hash can be told again."""
    content = floats.safetensors(MIXED, {"format": "pt"}, 3)
    assert len({converted(content, tmp_path, size) for size in (1, 5, 1000, 1 << 22)}) == 1


def test_no_piece_is_larger_than_what_was_read(tmp_path: Path) -> None:
    """So a shard of 10 GB takes no more memory than a small one."""
    content = floats.safetensors({"a": floats.floats(100_000)})
    found = list(plan(content, tmp_path).of(pieces(content, 4096), bfloat16()))
    assert max(map(len, found[1:])) <= 4096 // 2 + 2


def test_a_file_says_what_it_said_and_what_is_added(tmp_path: Path) -> None:
    """Its own notes stay; the head is padded as the format's own writer does it."""
    content = floats.safetensors(MIXED, {"format": "pt", "by": "someone"}, 1)
    after = converted(content, tmp_path, notes={"made_from": "that"})
    length = int.from_bytes(after[:8], "little")
    assert length % 8 == 0
    assert json.loads(after[8 : 8 + length])["__metadata__"] == {"format": "pt", "by": "someone", "made_from": "that"}


def test_a_file_that_says_nothing_of_itself_is_pytorchs_then(tmp_path: Path) -> None:
    """Notes without that would make it another's for some versions of transformers."""
    after = converted(floats.safetensors({"a": floats.floats(3)}), tmp_path, notes={"made_from": "that"})
    length = int.from_bytes(after[:8], "little")
    assert json.loads(after[8 : 8 + length])["__metadata__"] == {"format": "pt", "made_from": "that"}


def test_the_size_is_known_before(tmp_path: Path) -> None:
    """So that room can be asked for."""
    content = floats.safetensors(MIXED)
    found = plan(content, tmp_path)
    assert found.size == len(converted(content, tmp_path))
    assert found.data == found.size - len(found.head)


def test_a_file_without_float32_has_nothing_to_convert(tmp_path: Path) -> None:
    """One such tensor is enough."""
    path = tmp_path / "w.safetensors"
    for tensors, wanted in (({"half": MIXED["half"]}, False), (MIXED, True)):
        path.write_bytes(floats.safetensors(tensors))
        assert has_float32(safetensors.read(path)) == wanted


@pytest.mark.parametrize(
    "change", [(4, 8), (0, 7), (0, 4)], ids=["a hole", "not whole numbers", "shorter than its shape"]
)
def test_tensors_that_do_not_lie_as_they_should_are_refused(tmp_path: Path, change: tuple[int, int]) -> None:
    """Whatever the hash of such a file says, it is no good one."""
    begin, end = change
    head = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [begin, end]}}).encode()
    with pytest.raises(ValueError, match="tensor a does not lie where it should"):
        plan(len(head).to_bytes(8, "little") + head + bytes(end), tmp_path)


def test_a_head_that_reads_differently_the_second_time_is_refused(tmp_path: Path) -> None:
    """What was planned would not be what is read."""
    content = floats.safetensors(MIXED)
    other = content.replace(b"scalar", b"scaler", 1)
    with pytest.raises(ValueError, match="its head changes"):
        list(plan(content, tmp_path).of(pieces(other, 100), bfloat16()))


def test_a_file_that_grew_meanwhile_is_refused(tmp_path: Path) -> None:
    """There is nowhere to put the rest."""
    content = floats.safetensors(MIXED)
    with pytest.raises(ValueError, match="goes on behind its last tensor"):
        list(plan(content, tmp_path).of(pieces(content + b"more", 100), bfloat16()))
