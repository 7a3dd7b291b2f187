"""A pull that nothing disturbs: what it fetches, where it puts it, what it records, and what it refuses."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from zagent import durable, points, settings
from zagent.errors import CacheElsewhere, DataRootMissing, HubRefused, ModelMissing, NotAModel, NotEnoughSpace
from zagent.volume import space
from zagent.weights.model import Model
from zagent.weights.needed import Listed
from zagent.weights.pull import _to_come
from zagent.weights.store import Store

from tests.standin import Hub
from tests.weights import files
from tests.weights.conftest import Site


def test_a_fresh_pull_brings_exactly_the_needed_files(site: Site) -> None:
    """The snapshot holds each needed file and nothing else, in the hub's own layout."""
    done = site.pull()
    assert files.below(site.snapshot) == files.needed()
    assert site.store.snapshot(Model()) == site.snapshot
    assert done.downloaded == sum(map(len, files.needed().values()))
    assert not done.already
    assert site.verify().whole


def test_nothing_else_is_even_asked_for(site: Site) -> None:
    """README, pictures and everything that can carry code never leave the hub."""
    for path in files.HOSTILE:
        site.hub.put(path, b"evil")
    site.pull()
    assert site.fetched() == set(files.needed())
    assert site.hub.body_bytes == sum(map(len, files.needed().values())) + len(files.needed()["model_index.json"])


def test_the_hubs_own_client_finds_the_files_by_id(site: Site) -> None:
    """ModelScope code on the host resolves the same folder, with no network."""
    from modelscope_hub import HubApi

    site.pull()
    site.hub.stop()
    found = HubApi().download_repo(Model().id, "model", cache_dir=site.root / "modelscope_cache", local_files_only=True)
    assert found == site.snapshot


def test_a_second_pull_asks_the_hub_nothing(site: Site) -> None:
    """Weights that are there cost not one request."""
    first = site.pull()
    site.hub.reset_log()
    second = site.pull()
    assert second.already
    assert second.downloaded == 0
    assert second.manifest == first.manifest
    assert site.hub.log == ()


def test_the_manifest_says_what_is_there(site: Site) -> None:
    """Model, revision, commit, source and every file with size and confirmed hash."""
    site.pull()
    found = json.loads(site.manifest.read_bytes())
    assert (found["schema"], found["model"], found["revision"]) == (1, Model().id, "master")
    assert found["source"] == site.hub.url
    assert len(found["commit"]) == 40
    assert {one["path"]: one["size"] for one in found["files"]} == {k: len(v) for k, v in files.needed().items()}
    assert all(one["confirmed"] for one in found["files"])


def test_a_manifest_is_made_twice_alike(site: Site) -> None:
    """The same weights give the same bytes: no time, no order of arrival in them."""
    site.pull()
    first = site.manifest.read_bytes()
    site.manifest.unlink()
    site.pull()
    assert site.manifest.read_bytes() == first


def test_without_listed_hashes_the_own_reading_is_recorded_as_such(site: Site, tmp_path: Path) -> None:
    """No SHA-256 in the listing: the files come, and every hash counts as unconfirmed."""
    with Hub(files.repository(), listing_sha256=False) as hub, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODELSCOPE_ENDPOINT", hub.url)
        done = site.pull()
    assert set(done.manifest.unconfirmed) == set(files.needed())
    assert site.verify().whole


def test_another_revision_lives_beside_the_first(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """--revision has a folder and a manifest of its own; the first one's weights stay there."""
    site.pull()
    with Hub(files.repository(seed=2), revision="v2") as hub:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.url)
        site.pull(Model(revision="v2"))
    assert site.present().revision == "master"
    other = site.store.present(Model(revision="v2"))
    assert files.below(site.store.snapshot(Model(revision="v2"))) == files.needed(seed=2)
    assert other.set_digest != site.present().set_digest


def test_a_revision_that_failed_leaves_the_first_alone(site: Site) -> None:
    """A revision the hub does not know takes nothing away; the error's command names it."""
    site.pull()
    with pytest.raises(HubRefused, match="--revision v9"):
        site.pull(Model(revision="v9"))
    assert site.present()
    assert not site.store.snapshot(Model(revision="v9")).exists()
    with pytest.raises(ModelMissing) as caught:
        site.store.present(Model(revision="v9"))
    assert "zagent pull Tongyi-MAI/Z-Image-Turbo --revision v9" in caught.value.advice


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"model_index.json": None}, "no model_index.json"),
        ({"model_index.json": b"not json"}, "no pipeline's index"),
        ({"model_index.json": b"[]"}, "no pipeline's index"),
        ({"../../escape.json": b"{}"}, "no path inside"),
        ({"/etc/zagent.json": b"{}"}, "no path inside"),
        ({files.VAE: None}, "vae has no safetensors"),
        ({files.SHARD: None}, "transformer lacks " + files.SHARD),
    ],
)
def test_an_unsafe_or_broken_repository_is_refused_before_its_weights(
    site: Site, change: dict[str, bytes | None], why: str
) -> None:
    """The reason is told, no weights are asked for, and nothing lies in the snapshot."""
    content = {**files.repository(hostile=True), **change}
    with Hub({k: v for k, v in content.items() if v is not None}) as hub, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODELSCOPE_ENDPOINT", hub.url)
        with pytest.raises(NotAModel, match=why):
            site.pull()
        assert hub.body_bytes <= len(content["model_index.json"] or b"")
    assert files.below(site.snapshot) == {}
    assert not site.manifest.exists()


def test_space_is_asked_for_before_the_first_byte(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too little room: no weights are requested, and both figures are told."""
    monkeypatch.setattr(space, "of", lambda path: space.Space(size=10**9, free=1_000_000))
    with pytest.raises(NotEnoughSpace, match=r"1\.00 MB free"):
        site.pull()
    assert site.fetched() == {"model_index.json"}


def test_only_what_is_missing_needs_room(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all but one shard there, room for that one is enough; less is not."""
    site.pull()
    (site.snapshot / files.SHARD).unlink()
    room = len(files.needed()[files.SHARD])
    monkeypatch.setattr(space, "of", lambda path: space.Space(size=0, free=room - 1))
    with pytest.raises(NotEnoughSpace):
        site.pull()
    monkeypatch.setattr(space, "of", lambda path: space.Space(size=0, free=room))
    assert site.pull().downloaded == room


def test_what_replaces_a_bad_file_takes_its_room(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is no obstacle to a repair."""
    site.pull()
    files.flip(site.snapshot / files.SHARD)
    monkeypatch.setattr(space, "of", lambda path: space.Space(size=0, free=0))
    site.pull(repair=True)
    assert site.verify().whole


def test_a_cache_outside_the_data_root_is_refused(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights that a reset would take are not even begun; not a folder is made there."""
    monkeypatch.setenv(settings.MODELSCOPE_CACHE, str(tmp_path / "elsewhere"))
    with pytest.raises(CacheElsewhere, match="environment"):
        site.pull()
    assert not (tmp_path / "elsewhere").exists()
    assert site.hub.log == ()


def test_a_link_out_of_the_data_root_is_refused_too(site: Site, tmp_path: Path) -> None:
    """A link below the cache leads out as surely as the variable does."""
    outside = tmp_path / "outside"
    outside.mkdir()
    cache = site.root / "modelscope_cache"
    cache.mkdir()
    (cache / "models").symlink_to(outside)
    with pytest.raises(CacheElsewhere):
        site.pull()
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("link", ["vae", files.VAE], ids=["a folder", "a file"])
def test_a_link_within_the_snapshot_that_leads_out_is_refused(site: Site, tmp_path: Path, link: str) -> None:
    """Be it a link to the right content: a reset takes it away. What it leads to is neither deleted nor written."""
    outside = files.written(tmp_path / "outside", {"config.json": b"mine", "weights": files.needed()[files.VAE]})
    before = files.below(outside)
    (site.snapshot / link).parent.mkdir(parents=True)
    (site.snapshot / link).symlink_to(outside if link == "vae" else outside / "weights")
    with pytest.raises(CacheElsewhere, match=f"the link .*{link} leads off") as raised:
        site.pull()
    assert raised.value.advice.startswith(f"rm {site.snapshot / link} ")
    assert files.below(outside) == before
    (site.snapshot / link).unlink()
    site.pull()
    assert site.verify().whole


def test_a_link_that_stays_on_the_data_root_is_no_obstacle(site: Site) -> None:
    """Nor is one that leads to itself: it is replaced."""
    kept = files.written(site.root / "kept", {"weights": files.needed()[files.VAE]}) / "weights"
    (site.snapshot / "vae").mkdir(parents=True)
    (site.snapshot / files.VAE).symlink_to(kept)
    (site.snapshot / "vae/config.json").symlink_to("config.json")
    site.pull()
    assert files.VAE not in site.fetched()
    assert site.verify().whole


def test_an_empty_file_is_a_file(site: Site) -> None:
    """One of no bytes is fetched like any other, and is there afterwards."""
    site.hub.put("tokenizer/added.txt", b"")
    site.pull()
    assert (site.snapshot / "tokenizer/added.txt").read_bytes() == b""
    assert site.pull().already
    site.manifest.unlink()
    assert site.pull().downloaded == 0


def test_weights_are_everyones_to_read_whatever_the_umask(site: Site) -> None:
    """Root's umask 077 must not hide them from the people who make images."""
    old = os.umask(0o077)
    try:
        site.pull()
    finally:
        os.umask(old)
    modes = {path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in site.snapshot.rglob("*")}
    assert modes == {True: 0o755, False: 0o644}


def test_all_is_synced_before_the_manifest_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file, every folder from the snapshot's parent down, and only then the manifest's own name."""
    synced: list[Path] = []
    real_sync, real_write = durable._sync, durable.write

    def sync(path: Path, flags: int) -> None:
        synced.append(path)
        real_sync(path, flags)

    def write(path: Path, content: bytes) -> None:
        needed = {site.snapshot / one for one in files.needed()}
        folders = {
            parent for one in needed for parent in one.parents if site.snapshot.parent in (parent, *parent.parents)
        }
        assert needed | folders <= set(synced)
        synced.append(Path("written"))
        real_write(path, content)

    monkeypatch.setattr(durable, "_sync", sync)
    monkeypatch.setattr(durable, "write", write)
    monkeypatch.setattr(points, "reached", lambda name: synced.clear() if name == "pull:hashed" else None)
    site.pull()
    assert synced[-2:] == [Path("written"), site.manifest.parent]


def test_a_withdrawn_manifest_is_gone_for_good_before_files_change(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name's end is synced: after a power cut it must not stand there again beside other files."""
    site.pull()
    site.hub.put(files.SHARD, files.safetensors(200_000, seed=9), commit="c" * 40)
    synced: list[Path] = []
    monkeypatch.setattr(durable, "sync_folder", synced.append)
    monkeypatch.setattr(points, "reached", lambda name: 1 // 0 if name == "pull:manifest-withdrawn" else None)
    with pytest.raises(ZeroDivisionError):
        site.pull(repair=True)
    assert not site.manifest.exists()
    assert synced == [site.manifest.parent]


def test_a_missing_data_root_is_refused_with_nothing_made(hub: Hub, tmp_path: Path) -> None:
    """The guard comes first: no folder appears where the volume should be."""
    store = Store(settings.load(tmp_path / "absent"))
    with pytest.raises(DataRootMissing):
        Site(tmp_path / "absent", hub, []).pull()
    assert not store.settings.data_root.exists()


def test_a_half_file_of_no_listed_hash_saves_no_room(tmp_path: Path) -> None:
    """It will be dropped, as nothing tells of which version it is; with a hash only the rest is to come."""
    (tmp_path / "w.safetensors.incomplete").write_bytes(b"half")
    assert _to_come(tmp_path, [Listed("w.safetensors", 10)]) == 10
    assert _to_come(tmp_path, [Listed("w.safetensors", 10, "a" * 64)]) == 6
