"""The record in a PNG: any prompt comes back, and nothing foreign is believed."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from zagent.errors import UsageError, ZagentError
from zagent.generate import record
from zagent.generate.replay import differing

RECORD = record.Record(
    prompt="a red fox",
    seed=7,
    width=64,
    height=64,
    steps=9,
    evaluations=8,
    sigmas=(1.0, 0.5, 0.0),
    guidance=0.0,
    model="Tongyi-MAI/Z-Image-Turbo",
    revision="master",
    set_digest="sha256:00",
    dtype="float32",
    device="the CPU",
    versions={"torch": "2"},
)


def picture(color: tuple[int, int, int] = (1, 2, 3)) -> Image.Image:
    """A plain image."""
    return Image.new("RGB", (64, 64), color)


def png(folder: Path, text: str | None) -> Path:
    """A PNG with ``text`` where a record belongs."""
    info, path = PngInfo(), folder / "image.png"
    if text is not None:
        info.add_itxt(record.KEY, text)
    picture().save(path, pnginfo=info)
    return path


@pytest.mark.parametrize(
    "prompt",
    [
        "a fox",
        "🦊🏽‍🚀 e\u0301",
        "一只红色的狐狸",
        "two\nlines\ttab\r\n",
        '"quotes" \\ {braces}',
        "x" * 100_000,
        "\x00\x1b[31m",
    ],
    ids=["plain", "emoji", "chinese", "lines", "quotes", "long", "control"],
)
def test_any_prompt_comes_back(tmp_path: Path, prompt: str) -> None:
    """What was recorded is what is read, with the pixels untouched."""
    path, asked = tmp_path / "image.png", replace(RECORD, prompt=prompt)
    path.write_bytes(record.encode(picture(), asked))
    found, pixels = record.read(path)
    assert found == asked
    assert differing(pixels, picture()) == 0


def test_a_record_is_the_request_again() -> None:
    """The request has the prompt, seed, size and steps as they were given, for one image."""
    request = RECORD.request
    assert (request.prompt, request.seeds, str(request.size), request.steps) == ("a red fox", [7], "64x64", 9)
    assert (RECORD.weights.id, RECORD.weights.revision) == ("Tongyi-MAI/Z-Image-Turbo", "master")


def other(**changes: Any) -> str:
    """The record's text with some values changed."""
    return json.dumps({**asdict(RECORD), **changes})


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        "{}",
        other(schema=2),
        other(more=1),
        other(width="64"),
        other(seed=1.5),
        other(sigmas=[int("9" * 400)]),
        other(prompt=None),
        other(sigmas=5),
        other(sigmas=["x"]),
        other(versions=[]),
        other(versions={"torch": 2}),
    ],
    ids=range(17),
)
def test_a_foreign_record_is_refused(tmp_path: Path, text: str | None) -> None:
    """No record, one that is none, of another schema, or with a value of the wrong kind: a usage error."""
    with pytest.raises(UsageError, match="record"):
        record.read(png(tmp_path, text))


@pytest.mark.parametrize(
    "changes",
    [{"guidance": 1.0}, {"seed": -1}, {"steps": 0}, {"model": "../../etc"}, {"revision": ".."}, {"prompt": " "}],
    ids=lambda one: next(iter(one)),
)
def test_a_record_passes_the_same_guards(changes: dict[str, Any]) -> None:
    """What nobody may ask for can't be asked for by a file either."""
    with pytest.raises(ZagentError):
        _accept(replace(RECORD, **changes))


def _accept(found: record.Record) -> None:
    _ = found.request, found.weights


def bomb() -> bytes:
    """A PNG of a few bytes that claims 100,000 x 100,000 pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def jpeg(folder: Path) -> bytes:
    """A JPEG's bytes."""
    picture().save(folder / "image.jpg")
    return (folder / "image.jpg").read_bytes()


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "text", "jpeg", "bomb", "half", "third"])
def test_what_is_no_whole_png_is_refused(tmp_path: Path, kind: str) -> None:
    """Every file that is no PNG, or not all of one, is told with its path and no traceback."""
    path, whole = tmp_path / "file.png", record.encode(picture(), RECORD)
    content = {"empty": b"", "text": b"hello", "jpeg": jpeg(tmp_path), "bomb": bomb()}
    content |= {"half": whole[: len(whole) // 2], "third": whole[: len(whole) // 3]}
    if kind == "folder":
        path.mkdir()
    elif kind != "missing":
        path.write_bytes(content[kind])
    with pytest.raises(UsageError, match=r"file\.png can't be read as a PNG: .") as caught:
        record.read(path)
    assert caught.value.exit_code == 2


def test_pixels_are_counted() -> None:
    """Equal, one pixel, another mode with the same colours, another size."""
    one = picture()
    one.putpixel((3, 4), (9, 9, 9))
    assert differing(picture(), picture()) == 0
    assert differing(one, picture()) == 1
    assert differing(picture().convert("RGBA"), picture()) == 0
    assert differing(picture().resize((32, 32)), picture()) == 64 * 64
