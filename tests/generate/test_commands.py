"""`zagent generate`, `replay` and `show` as a person types them."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from zagent.cli import generate_report
from zagent.errors import UsageError
from zagent.generate import record
from zagent.generate.replay import differing

from tests.generate.conftest import PROMPT, Command, Watch

pytestmark = pytest.mark.engine

SMALL = ("--size", 64, "--seed", 7)


def events(stdout: str) -> list[dict[str, Any]]:
    """Standard output, one JSON object per line."""
    return [json.loads(line) for line in stdout.splitlines()]


def test_an_image_is_made_shown_and_made_again(zagent: Command, tmp_path: Path) -> None:
    """The daily road: generate, show, replay; every answer on standard output, the plan beside it."""
    target = tmp_path / "fox.png"
    done = zagent("generate", PROMPT, *SMALL, "-o", target)
    assert done.exit_code == 0
    assert done.stdout.startswith(f"{target}  (64x64, seed 7, ")
    assert done.stderr.startswith("plan: all resident on the CPU in float32")
    shown = zagent("show", target)
    assert f"prompt       {PROMPT}\n" in shown.stdout
    assert "sigmas       1, 0.954545, 0.9, 0.833333, 0.75, 0.642857, 0.5, 0.3, 0\n" in shown.stdout
    assert zagent("replay", target).stdout == f"{target}: every pixel is equal\n"


def test_without_a_name_it_goes_to_the_users_folder(zagent: Command, root: Path) -> None:
    """The default place is below the data root, and the user's own."""
    done = zagent("generate", PROMPT, *SMALL)
    path = Path(done.stdout.split("  (")[0])
    assert path.is_relative_to(root / "users")
    assert (root / "users" / path.relative_to(root / "users").parts[0]).stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o644


def test_several_images_and_their_events(zagent: Command, tmp_path: Path) -> None:
    """With --json: the plan, each step, each image with its whole record; names carry the seeds."""
    done = zagent("generate", PROMPT, *SMALL, "-n", 2, "--steps", 4, "-o", tmp_path / "fox.png", "--json")
    found = events(done.stdout)
    assert [one["event"] for one in found] == ["note", "note", *["step"] * 4, "image", *["step"] * 4, "image"]
    assert "leave the distilled schedule" in found[0]["note"]
    assert found[2] == {"event": "step", "image": 0, "step": 1, "of": 4}
    assert [Path(one["path"]).name for one in found if one["event"] == "image"] == ["fox-7.png", "fox-8.png"]
    assert found[-1]["record"]["evaluations"] == 4
    assert record.read(tmp_path / "fox-8.png")[0].seed == 8


@pytest.mark.parametrize("content", ["一只 🦊\nin the snow\n".encode(), b"\xef\xbb\xbf" + "一只 🦊\r\nx".encode()])
def test_a_prompt_from_standard_input(zagent: Command, tmp_path: Path, content: bytes) -> None:
    """With - the prompt is all of standard input, less the space around it and an editor's byte order mark."""
    zagent("generate", "-", *SMALL, "-o", tmp_path / "fox.png", stdin=content)
    prompt = record.read(tmp_path / "fox.png")[0].prompt
    assert prompt == content.decode("utf-8-sig").strip()
    assert "\n" in prompt


@pytest.mark.parametrize(("content", "why"), [(b"caf\xe9", "not UTF-8"), (b"", "empty"), (b" \n", "empty")])
def test_no_prompt_on_standard_input(zagent: Command, content: bytes, why: str) -> None:
    """Bytes that are no text, or none, are a usage error."""
    done = zagent("generate", "-", *SMALL, stdin=content)
    assert done.exit_code == 2
    assert why in done.stderr


def test_a_closed_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """`generate - <&-` is a usage error, too."""
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(UsageError, match="closed"):
        generate_report.request("-", "64", 8, 0.0, 1, 1)


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["--guidance", "1.0"], 30, "distilled to run without guidance"),
        (["--guidance", "nan"], 30, "distilled to run without guidance"),
        (["--size", "1000"], 31, "try:   zagent generate --size 1008x1008"),
        (["--size", "100000x100000"], 31, "the model takes at most"),
        (["--size", "big"], 2, "must look like 1024x768"),
        (["--steps", "0"], 2, "--steps 0 must be between 1 and 100"),
        (["--seed", "-1"], 2, "--seed -1 must be from"),
        (["-n", "0"], 2, "-n 0 must be between 1 and 1000"),
        (["-o", "fox.jpg"], 2, "must end in .png"),
        (["--device", "tpu"], 2, "tpu"),
    ],
)
def test_a_refusal_has_its_exit_code(zagent: Command, watch: Watch, words: list[str], code: int, why: str) -> None:
    """Each guard answers with its own code and the remedy, before anything is loaded."""
    done = zagent("generate", PROMPT, *words)
    assert done.exit_code == code
    assert why in done.stderr
    assert "Traceback" not in done.stderr
    assert watch.loads == []


def test_an_error_is_an_event_with_json(zagent: Command) -> None:
    """A program reads class, exit code and remedy from standard output."""
    done = zagent("generate", PROMPT, "--guidance", "3", "--json")
    (found,) = events(done.stdout)
    assert (found["event"], found["error"], found["exit_code"]) == ("error", "GuidanceRefused", done.exit_code)


def test_a_taken_name_is_refused_before_loading(zagent: Command, watch: Watch, tmp_path: Path) -> None:
    """The file stays as it was, unless --overwrite says otherwise."""
    target = tmp_path / "fox.png"
    target.write_bytes(b"mine")
    done = zagent("generate", PROMPT, *SMALL, "-o", target)
    assert (done.exit_code, target.read_bytes(), watch.loads) == (37, b"mine", [])
    assert zagent("generate", PROMPT, *SMALL, "-o", target, "--overwrite").exit_code == 0
    assert record.read(target)[0].seed == 7


def test_a_name_taken_meanwhile_is_refused(zagent: Command, watch: Watch, tmp_path: Path) -> None:
    """A file that appears while the image is made is not replaced, and no temp file stays."""
    target = tmp_path / "out/fox.png"
    target.parent.mkdir()
    watch.when("vae", lambda number, output: target.write_bytes(b"theirs"))
    done = zagent("generate", PROMPT, *SMALL, "-o", target)
    assert (done.exit_code, target.read_bytes(), [*target.parent.iterdir()]) == (37, b"theirs", [target])


def test_a_refusal_makes_no_folder(zagent: Command, tmp_path: Path) -> None:
    """-o names a folder to be made, but the prompt is too long: the folder is not there."""
    assert zagent("generate", "a" * 600, *SMALL, "-o", tmp_path / "new").exit_code == 33
    assert not (tmp_path / "new").exists()


def test_not_finite_leaves_no_file(zagent: Command, watch: Watch, tmp_path: Path) -> None:
    """The second of two images goes wrong: the first stays, the second never appears."""
    watch.when("vae", lambda number, output: output.fill_(float("nan")) if number == 2 else None)
    done = zagent("generate", PROMPT, *SMALL, "-n", 2, "-o", tmp_path / "out")
    assert done.exit_code == 36
    (only,) = (tmp_path / "out").iterdir()
    assert only.name.endswith("-7.png")


def test_an_interrupt_has_its_exit_code(zagent: Command, watch: Watch, tmp_path: Path) -> None:
    """Ctrl-C in evaluation 3: exit 130 and no file."""

    def interrupt(number: int, output: Any) -> None:
        if number == 3:
            raise KeyboardInterrupt

    watch.when("transformer", interrupt)
    done = zagent("generate", PROMPT, *SMALL, "-o", tmp_path / "out")
    assert done.exit_code == 130
    assert not (tmp_path / "out").exists()


@pytest.fixture
def fox(zagent: Command, tmp_path: Path) -> Path:
    """An image of ours."""
    zagent("generate", PROMPT, *SMALL, "-o", tmp_path / "fox.png")
    return tmp_path / "fox.png"


def test_an_edited_image_does_not_replay(zagent: Command, fox: Path, tmp_path: Path) -> None:
    """Two pixels painted over are counted, the exit code says so, and -o keeps the true image."""
    recipe, pixels = record.read(fox)
    for x in (1, 2):
        pixels.putpixel((x, 1), (255, 0, 255))
    fox.write_bytes(record.encode(pixels, recipe))
    done = zagent("replay", fox, "-o", tmp_path / "true.png")
    assert done.exit_code == 39
    assert f"2 of {64 * 64} pixels differ; made on the CPU with zagent" in done.stderr
    assert differing(record.read(tmp_path / "true.png")[1], pixels) == 2


def test_a_replays_name_is_checked_before_loading(zagent: Command, fox: Path, watch: Watch) -> None:
    """Replay -o refuses a taken name at once, above all that of the image itself."""
    watch.loads.clear()
    assert zagent("replay", fox, "-o", fox).exit_code == 37
    assert watch.loads == []


def test_json_of_replay_and_show(zagent: Command, fox: Path) -> None:
    """Programs get the verdict and the whole record."""
    assert events(zagent("replay", fox, "--json").stdout)[-1] == {"event": "replayed", "path": str(fox), "equal": True}
    (shown,) = events(zagent("show", fox, "--json").stdout)
    assert (shown["prompt"], shown["seed"]) == (PROMPT, 7)


@pytest.mark.parametrize("command", ["show", "replay"])
def test_a_foreign_image_is_refused(zagent: Command, tmp_path: Path, command: str) -> None:
    """An image that zagent did not make is a usage error, not a guess."""
    Image.new("RGB", (64, 64)).save(tmp_path / "foreign.png")
    done = zagent(command, tmp_path / "foreign.png")
    assert done.exit_code == 2
    assert "carries no zagent record" in done.stderr


def test_a_prompt_can_not_steer_the_terminal(zagent: Command, fox: Path) -> None:
    """What a recorded prompt holds beside text is shown as its escapes."""
    recipe, pixels = record.read(fox)
    fox.write_bytes(record.encode(pixels, replace(recipe, prompt="a\x1b[2Jb\nc")))
    assert "prompt       'a\\x1b[2Jb\\nc'\n" in zagent("show", fox).stdout


@pytest.mark.parametrize(
    "changes",
    [{"schema": "\x1b[2J"}, {"\x1b[2J": 1}, {"dtype": "\x1b[2J"}, {"set_digest": "\x9b2J"}],
    ids=["schema", "name", "dtype", "digest"],
)
def test_a_record_can_not_steer_the_terminal(zagent: Command, fox: Path, changes: dict[str, Any]) -> None:
    """Whatever a stranger wrote there, errors quote it as its escapes."""
    recipe, pixels = record.read(fox)
    info = PngInfo()
    info.add_itxt(record.KEY, json.dumps({**asdict(recipe), **changes}))
    pixels.save(fox, pnginfo=info)
    for command in ("show", "replay"):
        done = zagent(command, fox)
        assert not {"\x1b", "\x9b"} & set(done.output)
    assert done.exit_code
