"""The set digest and the fingerprint, against other programs and other words for the same formula."""

from __future__ import annotations

import hashlib
import json
import subprocess

import pytest
from zagent.weights.fingerprint import fingerprint
from zagent.weights.manifest import File, make, set_digest

from tests.weights import files
from tests.weights.conftest import Site


def test_the_set_digest_is_that_of_the_formula() -> None:
    """Lines "<hex>  <path>" sorted as lines, not by path, joined without a last line break."""
    found = [File("a", 1, "f" * 64), File("b", 2, "0" * 64)]
    by_hand = hashlib.sha256(("0" * 64 + "  b\n" + "f" * 64 + "  a").encode()).hexdigest()
    assert set_digest(found) == set_digest(reversed(found)) == f"sha256:{by_hand}"


def test_the_set_digest_of_a_pull(site: Site) -> None:
    """Computed from the files themselves, it is the recorded one; the shell's last line break is not in it."""
    lines = sorted(f"{hashlib.sha256(content).hexdigest()}  {path}" for path, content in files.needed().items())
    found = site.pull().manifest.set_digest
    assert found == "sha256:" + hashlib.sha256("\n".join(lines).encode()).hexdigest()
    assert found != "sha256:" + hashlib.sha256(("\n".join(lines) + "\n").encode()).hexdigest()


def test_any_change_changes_the_set_digest_and_order_does_not() -> None:
    """A path, a hash, a file more."""
    one, other = File("a", 1, "1" * 64), File("b", 1, "2" * 64)
    digests = [set_digest(some) for some in ([one], [one, other], [File("c", 1, "1" * 64)], [File("a", 1, "3" * 64)])]
    assert len(set(digests)) == 4
    assert make("m/n", "r", None, "s", [one, other]) == make("m/n", "r", None, "s", [other, one])


@pytest.mark.parametrize("damaged", [False, True])
def test_sha256sum_reads_the_fingerprint(site: Site, damaged: bool) -> None:
    """`sha256sum -c --strict` in the snapshot folder accepts whole files, and finds a damaged one."""
    text = fingerprint(site.pull().manifest, "sha256sum")
    if damaged:
        files.flip(site.snapshot / files.SHARD)
    command = ["sha256sum", "-c", "--strict", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, cwd=site.snapshot, check=False)
    assert (done.returncode != 0) == damaged
    assert done.stdout.count(": OK") == len(files.needed()) - damaged


def test_the_documents_name_everything(site: Site) -> None:
    """Markdown and JSON hold model, revision, commit, digest and every file with size and hash."""
    manifest = site.pull().manifest
    markdown, found = fingerprint(manifest, "markdown"), json.loads(fingerprint(manifest, "json"))
    assert found["set_digest"] == manifest.set_digest
    assert len(found["files"]) == len(files.needed())
    for fact in (manifest.model, manifest.revision, str(manifest.commit), manifest.source, manifest.set_digest):
        assert fact in markdown
    assert all(f"| {one.path} | {one.size} | `{one.sha256}` |" in markdown for one in manifest.files)
