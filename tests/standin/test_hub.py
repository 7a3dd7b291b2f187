"""The stand-in hub as plain HTTP: listing, ranges, tokens, log, rate cap and life cycle."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

from tests.standin import Hub, Slow
from tests.standin.hub import COMMIT, REPO_ID

WEIGHTS = "vae/weights.safetensors"
FILES = {"model_index.json": b"{}", WEIGHTS: bytes(range(256)) * 512, "vae/config.json": b"{}"}
TIMEOUT = 30


def listing(hub: Hub, **query: str) -> requests.Response:
    """The answer to a listing request."""
    url = f"{hub.url}/api/v1/models/{REPO_ID}/repo/files"
    return requests.get(url, params={"Recursive": "True"} | query, timeout=TIMEOUT)


def get(hub: Hub, path: str, headers: dict[str, str] | None = None, **query: str) -> requests.Response:
    """The answer to a request for a file."""
    url = f"{hub.url}/api/v1/models/{REPO_ID}/repo"
    parameters = {"Revision": "master", "FilePath": path} | query
    return requests.get(url, params=parameters, headers=headers, timeout=TIMEOUT)


def test_listing_names_size_hash_and_commit() -> None:
    """Each file is listed with what a client needs to verify it, each folder as a tree."""
    with Hub(FILES) as hub:
        entries = {entry["Path"]: entry for entry in listing(hub).json()["Data"]["Files"]}
    assert set(entries) == {*FILES, "vae"}
    assert entries["vae"]["Type"] == "tree"
    assert entries[WEIGHTS] == {
        "Name": "weights.safetensors",
        "Path": WEIGHTS,
        "Type": "blob",
        "Size": len(FILES[WEIGHTS]),
        "Revision": COMMIT,
        "Sha256": hashlib.sha256(FILES[WEIGHTS]).hexdigest(),
    }


def test_listing_below_a_root_and_of_one_level() -> None:
    """Root limits the listing to a folder, Recursive=False to one level; a missing root is 404."""
    with Hub(FILES) as hub:
        below = listing(hub, Root="vae").json()["Data"]["Files"]
        top = listing(hub, Recursive="False").json()["Data"]["Files"]
        assert listing(hub, Root="absent").status_code == 404
    assert {entry["Path"] for entry in below} == {WEIGHTS, "vae/config.json"}
    assert {entry["Path"] for entry in top} == {"model_index.json", "vae"}


def test_hashes_come_in_the_listing_or_in_a_header() -> None:
    """Both places of the hash can be switched, which changes what a client can verify."""
    with Hub(FILES, listing_sha256=False, linked_etag=True) as hub:
        entries = listing(hub).json()["Data"]["Files"]
        etag = get(hub, WEIGHTS).headers["X-Linked-ETag"]
    assert not any("Sha256" in entry for entry in entries)
    assert etag.strip('"') == hashlib.sha256(FILES[WEIGHTS]).hexdigest()


@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [
        (None, 200, slice(None)),
        ("bytes=5-9", 206, slice(5, 10)),
        ("bytes=100-", 206, slice(100, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=10-999999999", 206, slice(10, None)),
        ("bytes=0-1,4-5", 200, slice(None)),
        ("bytes=9-5", 416, slice(0, 0)),
        ("bytes=131072-", 416, slice(0, 0)),
    ],
)
def test_ranges(asked: str | None, status: int, expected: slice) -> None:
    """A single range is answered exactly, an impossible one refused and any other form ignored."""
    with Hub(FILES) as hub:
        answer = get(hub, WEIGHTS, {"Range": asked} if asked else None)
    assert (answer.status_code, answer.content) == (status, FILES[WEIGHTS][expected])


def test_folder_is_served_like_memory(tmp_path: Path) -> None:
    """Files on disk give the same listing, whole bodies and ranges as the same files in memory."""
    for path, data in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(data)
    with Hub(tmp_path) as disk, Hub(FILES) as memory:
        key = str.casefold
        on_disk = {key(e["Path"]): e for e in listing(disk).json()["Data"]["Files"]}
        assert on_disk == {key(e["Path"]): e for e in listing(memory).json()["Data"]["Files"]}
        assert get(disk, WEIGHTS).content == FILES[WEIGHTS]
        assert get(disk, WEIGHTS, {"Range": "bytes=7-8"}).content == FILES[WEIGHTS][7:9]
        assert get(disk, "../test_hub.py").status_code == 404


@pytest.mark.parametrize(("revision", "status"), [("master", 200), (COMMIT, 200), ("v9", 404)])
def test_only_the_served_revision_exists(revision: str, status: int) -> None:
    """The branch and its commit are found, in the listing as for a file; any other revision is not."""
    with Hub(FILES) as hub:
        assert listing(hub, Revision=revision).status_code == status
        assert get(hub, WEIGHTS, Revision=revision).status_code == status


def test_token_is_demanded_and_never_recorded() -> None:
    """Only the right token opens the hub, as bearer or as cookie, and the log keeps no token."""
    bearers: tuple[dict[str, str], ...] = (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer s3cret"},
    )
    with Hub(FILES, token="s3cret") as hub:
        answers = [get(hub, WEIGHTS, headers).status_code for headers in bearers]
        answers.append(get(hub, WEIGHTS, {"Cookie": "m_session_id=s3cret"}, token="s3cret").status_code)
        log = hub.log
    assert answers == [401, 401, 200, 200]
    assert [request.with_token for request in log] == [False, True, True, True]
    assert "s3cret" not in repr(log)


def test_log_counts_file_bytes_only() -> None:
    """The log tells who asked for what range, and body_bytes leaves out listings and errors."""
    with Hub(FILES) as hub:
        listing(hub)
        get(hub, "absent")
        get(hub, WEIGHTS, {"Range": "bytes=0-99"})
        requests.head(f"{hub.url}/api/v1/models/{REPO_ID}/repo?FilePath={WEIGHTS}", timeout=TIMEOUT)
        requests.post(f"{hub.url}/api/v1/models", json={}, timeout=TIMEOUT)
        assert [(r.method, r.file, r.range, r.status, r.bytes_sent) for r in hub.log] == [
            ("GET", None, None, 200, 0),
            ("GET", "absent", None, 404, 0),
            ("GET", WEIGHTS, "bytes=0-99", 206, 100),
            ("HEAD", WEIGHTS, None, 200, 0),
            ("POST", None, None, 405, 0),
        ]
        assert hub.body_bytes == 100
        hub.reset_log()
        assert (hub.log, hub.body_bytes) == ((), 0)


def test_put_publishes_a_new_version() -> None:
    """A file put under a new commit is listed and served at once."""
    with Hub(FILES) as hub:
        hub.put(WEIGHTS, b"new", commit="f" * 40)
        entries = {entry["Path"]: entry for entry in listing(hub).json()["Data"]["Files"]}
        assert get(hub, WEIGHTS).content == b"new"
    assert (entries[WEIGHTS]["Size"], entries[WEIGHTS]["Revision"]) == (3, "f" * 40)


def test_rate_caps_keep_the_bytes() -> None:
    """Bodies under the shared cap and under the cap of one response arrive whole."""
    with Hub(FILES, rate=50e6) as hub:
        hub.faults[WEIGHTS] = Slow(rate=20e6)
        assert get(hub, WEIGHTS).content == FILES[WEIGHTS]


def test_stop_frees_port_and_threads() -> None:
    """Stopping joins the threads of idle connections, and the hub can be started again."""
    before = threading.active_count()
    hub = Hub(FILES)
    with requests.Session() as session:
        for _ in range(2):
            with hub:
                assert session.get(f"{hub.url}/api/v1/models/{REPO_ID}", timeout=TIMEOUT).ok
            assert threading.active_count() == before
    with pytest.raises(RuntimeError, match="does not run"):
        _ = hub.url


def test_broken_stand_in_is_reported(tmp_path: Path) -> None:
    """A served file that vanished is a defect of the test, and stop says so instead of hiding it."""
    (tmp_path / "a").write_bytes(b"a")
    hub = Hub(tmp_path)
    hub.start()
    (tmp_path / "a").unlink()
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get(hub, "a")
    with pytest.raises(RuntimeError, match="failed to answer"):
        hub.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_command_serves_until_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    """The command prints its URL first, serves the folder and ends with status 0 on a signal."""
    (tmp_path / "a.txt").write_bytes(b"hello")
    command = [sys.executable, "-m", "tests.standin", "hub", "--folder", str(tmp_path), "--rate", "1e9"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, env=os.environ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        answer = requests.get(f"{url}/api/v1/models/{REPO_ID}/repo?FilePath=a.txt", timeout=TIMEOUT)
        process.send_signal(number)
        assert process.wait(TIMEOUT) == 0
    assert answer.content == b"hello"
