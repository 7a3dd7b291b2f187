"""A pull after a conversion: what is right stays and is not fetched again, what is not is told and made anew.

And what else meets its files: adoption, and the account of which sets give the same images.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest
from zagent.errors import HubRefused, ModelMissing
from zagent.volume import space
from zagent.weights import lineage, manifest, sources, variant
from zagent.weights.model import Model

from tests.standin import Hub, Status
from tests.weights import child, files, floats
from tests.weights.conftest import Site
from tests.weights.test_convert import INDEX, SHARDS, converted
from tests.weights.test_kill import PULL

pytestmark = pytest.mark.engine

MADE = floats.CONVERTED[SHARDS[1]]
CONFIG = "vae/config.json"


EITHER = pytest.mark.parametrize("hub", [True, False], ids=["hashes listed", "no hashes listed"], indirect=True)


@pytest.fixture
def hub(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that serves the repository in float32, and lists hashes unless told not to."""
    with Hub(floats.repository(), listing_sha256=getattr(request, "param", True)) as running:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", running.url)
        yield running


@pytest.fixture
def both(site: Site) -> Site:
    """The hub's files and the converted ones."""
    site.pull()
    converted(site)
    site.hub.reset_log()
    return site


@pytest.fixture
def left(both: Site) -> Site:
    """The converted ones alone, as ``zagent gc`` leaves them."""
    found = both.present()
    gone = variant.superseded(found)
    manifest.write(both.manifest, replace(found, files=tuple(one for one in found.files if one not in gone)))
    for one in gone:
        (both.snapshot / one.path).unlink()
    return both


def notes(site: Site) -> str:
    """What the progress said."""
    return "\n".join(one["note"] for one in site.events if one["event"] == "note")


@EITHER
@pytest.mark.parametrize("which", ["both", "left"])
def test_a_repair_of_whole_weights_fetches_nothing(hub: Hub, which: str, request: pytest.FixtureRequest) -> None:
    """And the manifest stays as it was: what was converted is still named, what went is not missed."""
    site: Site = request.getfixturevalue(which)
    before = site.manifest.read_bytes()
    assert site.pull(repair=True).downloaded == 0
    assert site.fetched() <= {"model_index.json"}
    assert site.manifest.read_bytes() == before
    assert site.pull().already


@EITHER
def test_a_damaged_file_is_fetched_and_the_converted_ones_stay(left: Site) -> None:
    """A repair of something else costs no shard."""
    files.flip(left.snapshot / CONFIG)
    before = left.present()
    left.pull(repair=True)
    assert left.fetched() == {"model_index.json", CONFIG}
    assert left.present() == before
    assert left.verify().whole


@EITHER
@pytest.mark.parametrize("damage", ["flipped", "missing", "short"])
def test_a_bad_converted_file_is_dropped_and_told(both: Site, damage: str) -> None:
    """The component is left to the hub's files, which are there; the other one stays; nothing is fetched."""
    path = both.snapshot / MADE
    if damage == "flipped":
        files.flip(path)
    else:
        content = path.read_bytes()
        path.unlink()
        if damage == "short":
            path.write_bytes(content[:-1])
    assert both.pull(repair=True).downloaded == 0
    assert "transformer is bad or of another version; zagent weights convert" in notes(both)
    assert {variant.component(one.path) for one in variant.made_here(both.present())} == {"vae"}
    assert both.verify().whole
    assert both.verify().extra == ()
    converted(both)
    assert both.verify().whole


@EITHER
def test_where_the_originals_are_gone_they_come_again(left: Site) -> None:
    """Those of the component whose converted file is bad, and no other's."""
    files.flip(left.snapshot / MADE)
    left.pull(repair=True)
    assert left.fetched() == {"model_index.json", *SHARDS, INDEX}
    assert left.verify().whole
    assert {variant.component(one.path) for one in variant.made_here(left.present())} == {"vae"}


@EITHER
@pytest.mark.parametrize("which", ["both", "left"])
def test_another_version_drops_what_was_made_of_the_old_one(
    hub: Hub, which: str, request: pytest.FixtureRequest
) -> None:
    """One shard changed: its whole component comes, or stays, in float32; the VAE, which did not change, stays."""
    site: Site = request.getfixturevalue(which)
    new = floats.safetensors({"block.1.weight": floats.floats(31_000, 4)}, {"format": "pt"})
    site.hub.put(SHARDS[1], new, commit="c" * 40)
    site.pull(repair=True)
    assert site.fetched() == {"model_index.json", SHARDS[1], *((*SHARDS, INDEX) if which == "left" else ())}
    assert (site.snapshot / SHARDS[1]).read_bytes() == new
    assert {variant.component(one.path) for one in variant.made_here(site.present())} == {"vae"}
    assert site.verify().whole
    assert site.verify().extra == ()


@EITHER
def test_a_version_of_the_same_size_is_told_by_the_listed_hash(left: Site) -> None:
    """Where the hub lists none it can't be told, converted or not: then what is recorded stays."""
    new = floats.needed(seed=4)[SHARDS[1]]
    assert len(new) == len(floats.needed()[SHARDS[1]])
    left.hub.put(SHARDS[1], new, commit="c" * 40)
    unconfirmed = all(not one.confirmed for one in left.present().files)
    left.pull(repair=True)
    assert (SHARDS[1] in left.fetched()) != unconfirmed
    assert left.verify().whole


def test_one_more_shard_at_the_hub_is_another_version(left: Site) -> None:
    """What was converted is not all of it."""
    left.hub.put("vae/model.safetensors", floats.safetensors({"more": floats.floats(9)}))
    left.pull(repair=True)
    assert {variant.component(one.path) for one in variant.made_here(left.present())} == {"transformer"}
    assert left.fetched() == {"model_index.json", files.VAE, "vae/model.safetensors"}
    assert left.verify().whole


def test_a_variant_that_the_hub_has_by_now_is_the_hubs(left: Site) -> None:
    """Ours makes way for it."""
    own = floats.safetensors({"decoder.weight": floats.Tensor("BF16", (2,), b"abcd")})
    left.hub.put(floats.CONVERTED[files.VAE], own)
    left.pull(repair=True)
    assert (left.snapshot / floats.CONVERTED[files.VAE]).read_bytes() == own
    assert (left.snapshot / files.VAE).read_bytes() == floats.needed()[files.VAE]
    assert left.verify().whole


@EITHER
def test_a_variant_of_the_hubs_own_is_looked_at_as_the_hubs(both: Site) -> None:
    """Ours, byte for byte, though no hub had listed it when it was made: neither dropped nor fetched."""
    for name in floats.CONVERTED.values():
        both.hub.put(name, (both.snapshot / name).read_bytes())
    both.pull(repair=True)
    assert both.fetched() <= {"model_index.json"}
    assert both.verify().whole
    assert "zagent weights convert" not in notes(both)


@EITHER
def test_what_makes_way_frees_its_room(left: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the difference must be free for the hub's own files to take the place of a bad converted one."""
    bad = (left.snapshot / MADE).stat().st_size
    files.flip(left.snapshot / MADE)
    asked = list[int]()
    monkeypatch.setattr(space, "require", lambda folder, size: asked.append(size))
    left.pull(repair=True)
    come = sum(len(floats.needed()[one]) for one in (*SHARDS, INDEX))
    gone = sum((left.snapshot / floats.CONVERTED[one]).exists() for one in SHARDS)
    assert gone == 0
    assert asked[0] <= come - bad


@EITHER
def test_a_repair_that_did_not_end_forgets_no_converted_file(left: Site) -> None:
    """Its manifest is withdrawn, but put aside: nothing else tells what those must be, and no hub has them."""
    files.flip(left.snapshot / CONFIG)
    before = left.present()
    left.hub.faults[CONFIG] = Status(404)
    with pytest.raises(HubRefused):
        left.pull(repair=True)
    with pytest.raises(ModelMissing):
        left.present()
    left.hub.faults.clear()
    left.hub.reset_log()
    left.pull()
    assert not left.fetched() & set(floats.CONVERTED)
    assert left.present() == before
    assert [one.name for one in left.manifest.parent.iterdir()] == [left.manifest.name]


def test_what_was_put_aside_vouches_for_nothing(left: Site) -> None:
    """It only tells what to compare: a converted file that went bad meanwhile is found."""
    files.flip(left.snapshot / CONFIG)
    left.hub.faults[CONFIG] = Status(404)
    with pytest.raises(HubRefused):
        left.pull(repair=True)
    files.flip(left.snapshot / MADE)
    left.hub.faults.clear()
    left.pull()
    assert {variant.component(one.path) for one in variant.made_here(left.present())} == {"vae"}
    assert left.verify().whole


def test_what_was_put_aside_may_be_garbage(left: Site) -> None:
    """Then all comes from the hub."""
    left.manifest.unlink()
    left.manifest.with_name(f"{left.manifest.name}.withdrawn").write_text("{")
    left.pull()
    assert set(floats.needed()) == {one.path for one in left.present().files}
    assert left.verify().whole


@pytest.mark.parametrize(("point", "nth"), [one for one in PULL if one[1] == 1])
def test_a_repair_killed_at_a_named_point_costs_no_converted_file(left: Site, point: str, nth: int) -> None:
    """The next pull ends with the same manifest, and no shard is fetched."""
    files.flip(left.snapshot / CONFIG)
    before = left.present()
    done = child.run("--data-root", str(left.root), "pull", "--repair", point=point, nth=nth)
    assert done.returncode == -signal.SIGKILL, f"{point} was not reached: {done.stdout}{done.stderr}"
    left.pull(repair=True)
    assert not left.fetched() & set(floats.CONVERTED)
    assert left.present() == before
    assert left.verify().whole


def test_only_what_the_manifest_calls_converted_is_dropped(both: Site) -> None:
    """Safety contract: a file of such a name that it does not name is nobody's to delete."""
    mine = both.snapshot / "text_encoder/model.bf16.safetensors"
    mine.write_bytes(b"mine")
    files.flip(both.snapshot / MADE)
    both.pull(repair=True)
    assert mine.read_bytes() == b"mine"
    assert not (both.snapshot / MADE).exists()


def test_nothing_is_dropped_before_the_manifest_is_withdrawn(both: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or it would name what is not there."""
    from zagent import points

    files.flip(both.snapshot / MADE)
    monkeypatch.setattr(points, "reached", lambda name: 1 // 0 if name == "pull:manifest-withdrawn" else None)
    with pytest.raises(ZeroDivisionError):
        both.pull(repair=True)
    assert (both.snapshot / MADE).exists()
    assert both.store.find(Model()) is None


@pytest.mark.parametrize("lost", floats.CONVERTED.values())
def test_what_a_killed_conversion_left_is_not_adopted(both: Site, lost: str) -> None:
    """Without a manifest nothing tells that it is right; the hub's own files are there."""
    (both.snapshot / lost).unlink()
    found = {one.path for one in sources.files(both.snapshot, Model())}
    there = {one for one in floats.CONVERTED.values() if variant.component(one) != variant.component(lost)}
    assert found == {*floats.needed(), *there}


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
def test_a_set_of_which_a_part_was_let_go_gives_images_of_its_own(both: Site, precision: str) -> None:
    """In float32 it is of both kinds; whatever was made with it can be made with it again."""
    found = both.present()
    half = replace(found, files=tuple(one for one in found.files if one.path != files.VAE))
    assert lineage.same_images(both.snapshot, half, precision) == {half.set_digest}
    assert found.set_digest in lineage.same_images(both.snapshot, found, precision)
