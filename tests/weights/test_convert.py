"""`zagent weights convert`: what it writes, what it leaves alone, and that nothing wrong ever gets a name."""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner
from zagent import lock, points, text
from zagent.cli.commands import app
from zagent.errors import ModelBusy, ModelMissing, NotEnoughSpace, WeightsDamaged
from zagent.generate.cast import bfloat16
from zagent.volume import space
from zagent.weights import copying, origin, reading, safetensors, variant
from zagent.weights.convert import Converted, convert
from zagent.weights.model import Model
from zagent.weights.progress import Event, Progress

from tests.standin import Hub
from tests.weights import child, files, floats
from tests.weights.conftest import Site
from tests.weights.test_kill import finals, killed, names

pytestmark = pytest.mark.engine

SHARDS = [one for one in floats.CONVERTED if "-of-" in one]
INDEX = "transformer/diffusion_pytorch_model.safetensors.index.json"
PAIRS = list(floats.CONVERTED.items())
POINTS = [one for one in names() if one.startswith(("convert:", "durable:"))]


@pytest.fixture
def repository() -> dict[str, bytes]:
    """The hub serves it in float32."""
    return floats.repository()


@pytest.fixture
def pulled(site: Site) -> Site:
    """The model is there and whole."""
    site.pull()
    site.hub.reset_log()
    return site


def converted(site: Site, model: Model = Model()) -> Converted:  # noqa: B008 - it is frozen
    """Convert in this process."""
    site.events.clear()
    return convert(site.store, model, bfloat16(), Progress(site.events.append, interval=0))


def test_converted_files_stand_beside_the_hubs_own(pulled: Site) -> None:
    """Those stay as they are; the manifest names both, and all of it verifies."""
    before = pulled.present()
    done = converted(pulled)
    after = files.below(pulled.snapshot)
    assert set(after) == {*floats.needed(), *floats.CONVERTED.values()}
    assert {path: after[path] for path in floats.needed()} == floats.needed()
    assert pulled.present() == done.manifest
    assert (done.manifest.commit, done.manifest.source) == (before.commit, before.source)
    assert {one.path for one in done.manifest.files if not one.confirmed} == set(floats.CONVERTED.values())
    assert {one.path for one in done.originals} == set(floats.CONVERTED)
    assert pulled.verify().whole
    assert pulled.verify().extra == ()
    assert pulled.hub.log == ()


def test_each_converted_file_says_what_it_was_made_from(pulled: Site) -> None:
    """The index, too; and it names the converted shards and their size."""
    done = converted(pulled)
    sources = {one.path: origin.Origin(one.sha256, one.size) for one in done.manifest.files}
    for path, name in floats.CONVERTED.items():
        assert origin.of(pulled.snapshot / name) == sources[path]
    before, after = (json.loads((pulled.snapshot / one).read_bytes()) for one in (INDEX, floats.CONVERTED[INDEX]))
    assert set(after["weight_map"]) == set(before["weight_map"])
    assert {f"transformer/{one}" for one in after["weight_map"].values()} == {floats.CONVERTED[one] for one in SHARDS}
    heads = [safetensors.read(pulled.snapshot / floats.CONVERTED[one]) for one in SHARDS]
    assert after["metadata"]["total_size"] == sum(
        one["data_offsets"][1] - one["data_offsets"][0] for head in heads for one in head.tensors.values()
    )
    assert all(head.metadata["format"] == "pt" for head in heads)


def test_an_index_larger_than_all_buffers_is_read_whole(site: Site) -> None:
    """They are filled again while it is put together."""
    site.hub.put(INDEX, b" " * (reading.BUFFERS + 1) * reading.BUFFER + floats.needed()[INDEX])
    site.pull()
    converted(site)
    assert site.verify().whole


def test_a_second_conversion_has_nothing_to_do(pulled: Site) -> None:
    """Not a file is touched, nor a byte read."""
    first = converted(pulled)
    before = {path: path.stat().st_mtime_ns for path in [pulled.manifest, *pulled.snapshot.rglob("*")]}
    assert converted(pulled) == Converted(first.manifest)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert pulled.events == []


def test_weights_without_float32_have_nothing_to_convert(pulled: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """They run as they are."""
    with Hub(files.repository()) as hub:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.url)
        pulled.pull(repair=True)
    assert converted(pulled) == Converted(pulled.present())
    assert files.below(pulled.snapshot) == files.needed()


def test_the_command_says_what_became_of_it_and_what_comes_next(pulled: Site) -> None:
    """Sizes before and after; a second time that there is nothing to do, with exit code 0."""
    first, again, told = (
        CliRunner().invoke(app, ["--data-root", str(pulled.root), "weights", "convert", *more])
        for more in ((), (), ("--json",))
    )
    assert [one.exit_code for one in (first, again, told)] == [0, 0, 0]
    before, after = (sum(len(files.below(pulled.snapshot)[one]) for one in names) for names in zip(*PAIRS, strict=True))
    assert f"transformer, vae: {text.size(before)} in float32 are {text.size(after)} in bfloat16" in first.stdout
    assert "next:  zagent verify, and once it is backed up zagent gc" in first.stderr
    assert "there is no second copy yet" in first.stderr.splitlines()[-1]
    assert "nothing to convert" in again.stdout
    (last,) = [one for one in map(json.loads, told.stdout.splitlines()) if one["event"] == "converted"]
    assert (last["components"], last["before"], last["after"]) == ([], 0, 0)


def test_a_pull_that_follows_asks_the_hub_nothing(pulled: Site) -> None:
    """The weights are there."""
    done = converted(pulled)
    assert pulled.pull().already
    assert pulled.present() == done.manifest
    assert pulled.hub.log == ()


def test_weights_that_are_not_there_can_not_be_converted(site: Site) -> None:
    """Nothing is written, and nothing fetched."""
    with pytest.raises(ModelMissing):
        converted(site)
    assert files.below(site.snapshot) == {}
    assert site.hub.log == ()


@pytest.mark.parametrize("path", [SHARDS[1], INDEX, files.VAE, "text_encoder/model-00002-of-00003.safetensors"])
def test_a_damaged_file_is_named_and_nothing_is_made_of_it(pulled: Site, path: str) -> None:
    """Right size, wrong bytes; also one that nothing is made of: the new manifest would vouch for it."""
    before = pulled.manifest.read_bytes()
    files.flip(pulled.snapshot / path)
    with pytest.raises(WeightsDamaged, match=path) as caught:
        converted(pulled)
    assert f"zagent pull {Model().id} --repair" in caught.value.advice
    assert not (pulled.snapshot / floats.CONVERTED.get(path, "nothing")).exists()
    assert pulled.manifest.read_bytes() == before
    pulled.pull(repair=True)
    assert converted(pulled).made
    assert pulled.verify().whole


def test_a_damaged_head_is_named_too(pulled: Site) -> None:
    """It is read before the rest."""
    files.flip(pulled.snapshot / SHARDS[0], 9)
    with pytest.raises(WeightsDamaged, match="can't be converted"):
        converted(pulled)
    assert not variant.made_here(pulled.present())


@pytest.mark.parametrize("code", [errno.EIO, errno.EACCES])
def test_a_file_that_can_not_be_read(pulled: Site, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """A bad block is damage, and told as such; what this user may not read is not."""
    real = reading.read_from_disk

    def read(path: Path) -> Iterator[memoryview]:
        if path.name == Path(SHARDS[1]).name:
            raise OSError(code, os.strerror(code), str(path))
        return real(path)

    monkeypatch.setattr(copying, "read_from_disk", read)
    with pytest.raises(WeightsDamaged if code == errno.EIO else copying.Unreadable, match=SHARDS[1]):
        converted(pulled)
    assert not (pulled.snapshot / floats.CONVERTED[SHARDS[1]]).exists()


def test_room_is_asked_for_before_the_first_byte(pulled: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """So much as the converted files take, and no more."""
    room = sum(one.size for one in converted(pulled).made if not variant.is_index(one.path))
    (pulled.snapshot / floats.CONVERTED[files.VAE]).unlink()
    pulled.manifest.unlink()
    pulled.pull()
    monkeypatch.setattr(space, "of", lambda path: space.Space(size=0, free=room - 1))
    with pytest.raises(NotEnoughSpace):
        converted(pulled)
    assert set(files.below(pulled.snapshot)) - set(floats.needed()) == {floats.CONVERTED[INDEX]}
    monkeypatch.setattr(space, "of", lambda path: space.Space(size=0, free=room))
    assert converted(pulled).made


def test_only_one_writer_at_a_time(pulled: Site) -> None:
    """As with every command that changes a model."""
    held = pulled.store.settings.layout.lock(Model().id)
    with lock.held(held, Model().id, "zagent pull"), pytest.raises(ModelBusy, match="zagent pull"):
        converted(pulled)


def test_only_what_is_to_be_written_is_cleared_away(pulled: Site) -> None:
    """Safety contract: half copies, and files of the very names; others, and other folders, stay."""
    stay = {"vae/mine.bf16.safetensors": b"mine", "transformer/model.bf16.safetensors": b"mine"}
    doomed = {floats.CONVERTED[files.VAE]: b"old", "vae/.zagent-x.tmp": b"half"}
    files.written(pulled.snapshot, {**stay, **doomed})
    converted(pulled)
    after = files.below(pulled.snapshot)
    assert stay.items() <= after.items()
    assert "vae/.zagent-x.tmp" not in after
    assert pulled.verify().whole


def test_a_variant_of_the_hubs_own_is_left_alone(site: Site) -> None:
    """What the hub lists is the hub's; the other components are converted."""
    own = floats.safetensors({"decoder.weight": floats.Tensor("BF16", (2,), b"abcd")})
    site.hub.put(floats.CONVERTED[files.VAE], own)
    site.pull()
    done = converted(site)
    assert {variant.component(one.path) for one in done.made} == {"transformer"}
    assert (site.snapshot / floats.CONVERTED[files.VAE]).read_bytes() == own
    assert {variant.component(one.path) for one in variant.superseded(done.manifest)} == {"transformer"}


def test_another_revision_is_converted_in_its_own_folder(pulled: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one's manifest knows nothing of it."""
    before = pulled.manifest.read_bytes()
    with Hub(floats.repository(seed=2), revision="v2") as hub:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.url)
        pulled.pull(Model(revision="v2"))
    assert converted(pulled, Model(revision="v2")).made
    assert pulled.manifest.read_bytes() == before
    assert set(files.below(pulled.snapshot)) == set(floats.needed())


def test_converted_weights_are_everyones_to_read_whatever_the_umask(pulled: Site) -> None:
    """As the hub's own."""
    old = os.umask(0o077)
    try:
        converted(pulled)
    finally:
        os.umask(old)
    assert {stat.S_IMODE(path.stat().st_mode) for path in pulled.snapshot.rglob("*.*")} == {0o644}


def test_every_byte_is_counted_once(pulled: Site) -> None:
    """The progress ends at the whole model: all of it is read."""
    converted(pulled)
    done: list[Event] = [one for one in pulled.events if one["event"] == "end"]
    size = sum(map(len, floats.needed().values()))
    assert (done[-1]["done"], done[-1]["total"]) == (size, size)


def test_the_manifest_comes_last(pulled: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """When all is on the disk for good, and not before."""
    seen: dict[str, bytes] = {}
    before = pulled.manifest.read_bytes()
    monkeypatch.setattr(points, "reached", lambda name: seen.setdefault(name, pulled.manifest.read_bytes()) and None)
    converted(pulled)
    assert seen["convert:file-done"] == seen["convert:written"] == before
    assert seen["convert:manifest-written"] == pulled.manifest.read_bytes() != before


@pytest.mark.parametrize(("point", "nth"), [(one, 1) for one in POINTS] + [("convert:file-done", 6)])
def test_a_conversion_killed_at_a_named_point_is_finished_by_the_next(pulled: Site, point: str, nth: int) -> None:
    """The weights are there all the while; what stands under a name is right; the end is the same."""
    killed(pulled, point, nth, "weights", "convert")
    assert floats.needed().items() <= finals(pulled.snapshot).items()
    assert pulled.verify().whole
    left = finals(pulled.snapshot)
    done = converted(pulled)
    assert {variant.component(one.path) for one in variant.superseded(done.manifest)} == {"transformer", "vae"}
    after = files.below(pulled.snapshot)
    assert left.items() <= after.items()
    assert set(after) == {*floats.needed(), *floats.CONVERTED.values()}
    assert pulled.verify().whole


def test_ctrl_c_ends_it_with_the_weights_as_they_were(pulled: Site) -> None:
    """No half file stays, and no manifest names what was made."""
    running = child.start(
        "--data-root", str(pulled.root), "weights", "convert", point="convert:file-done", sends=signal.SIGINT
    )
    running.communicate(timeout=120)
    assert running.returncode == 130
    assert not [one for one in files.below(pulled.snapshot) if one.endswith(".tmp")]
    assert not variant.made_here(pulled.present())
