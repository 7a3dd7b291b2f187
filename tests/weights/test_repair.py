"""Damage is found and mended: verify, --repair, and a branch that moved meanwhile."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from zagent.errors import HubRefused, HubUnreachable, ManifestDamaged, ModelMissing, WeightsDamaged
from zagent.weights import digest, manifest

from tests.standin import Hub, Status
from tests.weights import files
from tests.weights.conftest import Site

OTHER = files.SHARD.replace("00002-of", "00001-of")


@pytest.fixture
def pulled(site: Site) -> Site:
    """The model is there and whole."""
    site.pull()
    site.hub.reset_log()
    return site


def test_good_weights_verify(pulled: Site) -> None:
    """Every file is right and none is extra."""
    report = pulled.verify()
    assert (report.whole, report.extra, report.files) == (True, (), len(files.needed()))


def test_a_flipped_byte_passes_the_quick_look_and_fails_the_real_one(pulled: Site) -> None:
    """--quick's blind spot, on purpose: sizes say nothing of content."""
    files.flip(pulled.snapshot / files.SHARD)
    assert pulled.verify(quick=True).whole
    assert pulled.present()
    (bad,) = pulled.verify().bad
    assert (bad.path, bad.problem) == (files.SHARD, "content")
    assert bad.expected != bad.found
    assert len(bad.expected) == len(bad.found) == 64


@pytest.mark.parametrize("change", [-1, 1])
def test_a_wrong_size_is_found_by_both(pulled: Site, change: int) -> None:
    """Truncated or extended, with both sizes told; the weights no longer count as there."""
    path = pulled.snapshot / files.SHARD
    content = path.read_bytes()
    path.write_bytes(content[:-1] if change < 0 else content + b"x")
    for quick in (True, False):
        (bad,) = pulled.verify(quick=quick).bad
        assert (bad.problem, bad.found) == ("size", f"{len(content) + change} bytes")
    with pytest.raises(WeightsDamaged, match=files.SHARD):
        pulled.present()


def test_two_shards_that_changed_places_are_found(pulled: Site) -> None:
    """Equal sizes, wrong content: only the hashes tell, and both are named."""
    one, other, aside = pulled.snapshot / files.SHARD, pulled.snapshot / OTHER, pulled.root / "aside"
    one.rename(aside), other.rename(one), aside.rename(other)
    assert pulled.verify(quick=True).whole
    assert [bad.path for bad in pulled.verify().bad] == [OTHER, files.SHARD]


def test_missing_and_extra_files_are_named(pulled: Site) -> None:
    """A missing file is bad; an extra one is named and does no harm."""
    (pulled.snapshot / files.VAE).unlink()
    (pulled.snapshot / "vae/mine.txt").write_text("notes")
    report = pulled.verify()
    assert [(bad.path, bad.problem) for bad in report.bad] == [(files.VAE, "missing")]
    assert report.extra == ("vae/mine.txt",)


@pytest.mark.parametrize("sums", [True, False], ids=["hashes listed", "no hashes listed"])
def test_a_repair_fetches_only_the_bad_files(site: Site, monkeypatch: pytest.MonkeyPatch, sums: bool) -> None:
    """A flipped byte and a missing file are fetched again, and nothing else, whether the hub lists hashes or not."""
    with Hub(files.repository(), listing_sha256=sums) as hub:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.url)
        site.pull()
        hub.reset_log()
        files.flip(site.snapshot / files.SHARD)
        (site.snapshot / files.VAE).unlink()
        done = site.pull(repair=True)
        assert {one.file for one in hub.log if one.file} == {"model_index.json", files.SHARD, files.VAE}
    assert done.downloaded == len(files.needed()[files.SHARD]) + len(files.needed()[files.VAE])
    assert site.verify().whole


def test_a_repair_of_whole_weights_fetches_nothing(pulled: Site) -> None:
    """Only the listing and the index are read; the manifest stays as it was."""
    before = pulled.manifest.read_bytes()
    assert pulled.pull(repair=True).downloaded == 0
    assert pulled.fetched() == {"model_index.json"}
    assert pulled.manifest.read_bytes() == before


def test_a_repair_that_the_hub_refuses_takes_nothing_away(pulled: Site) -> None:
    """With the hub down, damaged weights are no worse than before."""
    files.flip(pulled.snapshot / files.SHARD)
    pulled.hub.stop()
    with pytest.raises(HubUnreachable):
        pulled.pull(repair=True)
    assert [bad.problem for bad in pulled.verify().bad] == ["content"]


def test_no_manifest_stands_while_a_repair_changes_files(pulled: Site) -> None:
    """Half-way through, right sizes are no proof, so the weights do not count as there; the next pull ends it."""
    files.flip(pulled.snapshot / files.SHARD)
    pulled.hub.faults[files.SHARD] = Status(404)
    with pytest.raises(HubRefused):
        pulled.pull(repair=True)
    with pytest.raises(ModelMissing):
        pulled.present()
    pulled.hub.faults.clear()
    pulled.pull()
    assert pulled.verify().whole


def test_a_branch_that_moved_is_followed_file_by_file(pulled: Site) -> None:
    """Only what changed is fetched, and the manifest names the new commit."""
    new = files.safetensors(150_000, seed=9)
    pulled.hub.put(files.SHARD, new, commit="c" * 40)
    done = pulled.pull(repair=True)
    assert pulled.fetched() == {"model_index.json", files.SHARD}
    assert done.manifest.commit == "c" * 40
    assert (pulled.snapshot / files.SHARD).read_bytes() == new
    assert pulled.verify().whole


def test_the_manifest_is_withdrawn_before_new_files_come(pulled: Site) -> None:
    """While versions may be mixed, the weights don't count as there; sizes alone would not tell."""
    from tests.standin import Status

    for path, content in files.needed(seed=3).items():
        pulled.hub.put(path, content, commit="d" * 40)
    pulled.hub.faults[files.SHARD] = Status(404)
    with pytest.raises(Exception, match="404"):
        pulled.pull(repair=True)
    with pytest.raises(ModelMissing):
        pulled.present()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"schema": 1', b'"schema": 2'),
        (b"vae/config.json", b"vae/konfig.json"),
        (b'"size": 2,', b'"size": "2",'),
        (b'"revision": "master"', b'"revision": "main"'),
        (b'"model": "Tongyi-MAI', b'"model": "Other'),
        (b'"files"', b'"documents"'),
        (b"{", b""),
    ],
)
def test_a_manifest_changed_by_hand_is_no_manifest(pulled: Site, old: bytes, new: bytes) -> None:
    """It is told as such, not as damaged weights; its remedy makes it anew with no byte of weights fetched."""
    content = pulled.manifest.read_bytes()
    assert old in content
    pulled.manifest.write_bytes(content.replace(old, new, 1))
    with pytest.raises(ManifestDamaged) as caught:
        pulled.present()
    assert "--repair" in caught.value.advice
    assert pulled.pull(repair=True).downloaded == 0
    assert pulled.manifest.read_bytes() == content


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("owner--name", "owner/name"),
        ("owner--name--more@v2", "owner/name--more --revision v2"),
        ("owner--name@master", "owner/name"),
        ("owner--name;x", "'owner/name;x'"),
    ],
)
def test_the_model_of_a_damaged_manifest_is_known_by_its_name(tmp_path: Path, name: str, words: str) -> None:
    """As the remedy's command takes it."""
    path = files.written(tmp_path, {f"{name}.json": b"{"}) / f"{name}.json"
    with pytest.raises(ManifestDamaged) as caught:
        manifest.load(path)
    assert f" zagent pull {words} --repair   " in caught.value.advice


@pytest.mark.parametrize("content", [b"[]", b"null", b"7", b"\xff\xfe", b"", b'{"schema": 1, "files": [1]}'])
def test_garbage_in_place_of_a_manifest(pulled: Site, content: bytes) -> None:
    """Whatever the bytes are, it is one clear error."""
    pulled.manifest.write_bytes(content)
    with pytest.raises(ManifestDamaged):
        pulled.present()


def test_a_size_changed_by_hand_is_the_digests_blind_spot(pulled: Site) -> None:
    """The set digest covers paths and hashes; a wrong size shows as a wrong file, and a repair writes the right one."""
    content = pulled.manifest.read_bytes()
    pulled.manifest.write_bytes(content.replace(b'"size": 2,', b'"size": 3,', 1))
    with pytest.raises(WeightsDamaged):
        pulled.present()
    pulled.pull(repair=True)
    assert pulled.manifest.read_bytes() == content


@pytest.mark.parametrize(("code", "mended"), [(errno.EIO, True), (errno.EBADMSG, True), (errno.EACCES, False)])
def test_a_repair_fetches_what_the_disk_cannot_read(
    pulled: Site, monkeypatch: pytest.MonkeyPatch, code: int, mended: bool
) -> None:
    """Bad blocks are mended by writing the file anew; a file that is only closed to this user is left alone."""
    real = digest.sha256

    def sha256(path: Path) -> str:
        if path.name == Path(files.SHARD).name:
            raise OSError(code, os.strerror(code), str(path))
        return real(path)

    monkeypatch.setattr(digest, "sha256", sha256)
    if mended:
        pulled.pull(repair=True)
    else:
        with pytest.raises(PermissionError):
            pulled.pull(repair=True)
    assert (files.SHARD in pulled.fetched()) == mended
    monkeypatch.undo()
    assert pulled.verify().whole
