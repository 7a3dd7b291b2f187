"""The faults of the stand-in hub, seen by plain HTTP and by the real hub client."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.standin import (
    LISTING,
    Corrupt,
    Drop,
    Fault,
    Hub,
    NoRange,
    ShortBody,
    Slow,
    Stall,
    Status,
    Truncate,
)
from tests.standin.client import client_command, client_environment, download
from tests.standin.hub import REPO_ID

WEIGHTS = "vae/weights.safetensors"
SMALL = "model_index.json"
FILES = {SMALL: b"{}", WEIGHTS: bytes(range(256)) * 12_000}
SIZE = len(FILES[WEIGHTS])
TIMEOUT = 30


def get(hub: Hub, path: str = WEIGHTS, headers: dict[str, str] | None = None) -> requests.Response:
    """The answer to a request for a file."""
    url = f"{hub.url}/api/v1/models/{REPO_ID}/repo"
    return requests.get(url, params={"FilePath": path}, headers=headers, timeout=TIMEOUT)


def wait_for_bytes(folder: Path, pattern: str) -> None:
    """Return once a file of that name pattern has content."""
    deadline = time.monotonic() + TIMEOUT
    while not any(path.stat().st_size for path in folder.rglob(pattern)):
        assert time.monotonic() < deadline, f"no {pattern} was written"
        time.sleep(0.01)


def test_status_is_limited_by_times_and_restarted_by_setting() -> None:
    """A fault with times=1 hits one request; setting it again starts the count afresh."""
    with Hub(FILES) as hub:
        for _ in range(2):
            hub.faults[WEIGHTS] = Status(503, times=1)
            assert [get(hub).status_code for _ in range(2)] == [503, 200]
        assert get(hub, SMALL).ok


def test_removed_fault_is_gone() -> None:
    """Deleting an entry heals the path at once."""
    with Hub(FILES) as hub:
        hub.faults[WEIGHTS] = Status(500)
        assert get(hub).status_code == 500
        del hub.faults[WEIGHTS]
        assert get(hub).ok


def test_corrupt_changes_one_byte_of_the_right_range() -> None:
    """Exactly the byte at the offset differs, and a range without it is unharmed."""
    with Hub(FILES) as hub:
        hub.faults[WEIGHTS] = Corrupt(offset=1000)
        whole = get(hub).content
        rest = get(hub, headers={"Range": "bytes=1001-"}).content
        assert hub.body_bytes == 2 * SIZE - 1001
    assert [i for i, pair in enumerate(zip(whole, FILES[WEIGHTS], strict=True)) if len({*pair}) > 1] == [1000]
    assert rest == FILES[WEIGHTS][1001:]


def test_truncate_ends_before_the_announced_length() -> None:
    """The connection closes after the given bytes, which a strict client reports as incomplete."""
    with Hub(FILES) as hub:
        hub.faults[WEIGHTS] = Truncate(after=5000)
        with pytest.raises(requests.exceptions.ChunkedEncodingError, match="5000 bytes read"):
            get(hub)
        assert hub.body_bytes == 5000


def test_short_body_announces_less_than_the_listing() -> None:
    """The answer is consistent in itself and shorter than the file."""
    with Hub(FILES) as hub:
        hub.faults[WEIGHTS] = ShortBody(missing=10)
        answer = get(hub)
    assert answer.headers["Content-Length"] == str(SIZE - 10)
    assert answer.content == FILES[WEIGHTS][:-10]


def test_no_range_answers_with_the_whole_file() -> None:
    """The Range header is ignored, which is allowed and must not be taken for the asked part."""
    with Hub(FILES) as hub:
        hub.faults[WEIGHTS] = NoRange()
        answer = get(hub, headers={"Range": "bytes=10-19"})
    assert (answer.status_code, len(answer.content)) == (200, SIZE)


@pytest.mark.parametrize("path", [WEIGHTS, LISTING])
def test_drop_gives_no_answer(path: str) -> None:
    """The connection ends without a status line, for a file and for the listing."""
    suffix = "/files" if path == LISTING else f"?FilePath={path}"
    with Hub(FILES) as hub:
        hub.faults[path] = Drop(times=1)
        url = f"{hub.url}/api/v1/models/{REPO_ID}/repo{suffix}"
        with pytest.raises(requests.ConnectionError):
            requests.get(url, timeout=TIMEOUT)
        assert requests.get(url, timeout=TIMEOUT).ok


def test_stall_waits_for_its_release() -> None:
    """Only the first bytes arrive until the test releases the rest."""
    with Hub(FILES) as hub:
        stall = Stall(after=100)
        hub.faults[WEIGHTS] = stall
        url = f"{hub.url}/api/v1/models/{REPO_ID}/repo?FilePath={WEIGHTS}"
        with requests.get(url, stream=True, timeout=TIMEOUT) as answer:
            head = answer.raw.read(100)
            assert stall.reached.wait(TIMEOUT)
            assert hub.body_bytes == 100
            stall.released.set()
            assert head + answer.raw.read() == FILES[WEIGHTS]


def test_stop_ends_a_stalled_response() -> None:
    """A hub stops although a response stalls, and the client sees a cut body."""
    hub = Hub(FILES)
    hub.start()
    hub.faults[WEIGHTS] = Stall(after=0)
    url = f"{hub.url}/api/v1/models/{REPO_ID}/repo?FilePath={WEIGHTS}"
    with requests.get(url, stream=True, timeout=TIMEOUT) as answer:
        hub.stop()
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            _ = answer.content


@pytest.mark.parametrize("make", [lambda: Truncate(-1), lambda: Slow(0), lambda: Status(503, times=-1)])
def test_impossible_faults_are_refused(make: Callable[[], Fault]) -> None:
    """Negative counts and a rate of zero are programming errors of a test."""
    with pytest.raises(ValueError, match=r"negative|zero"):
        make()


def test_listing_takes_no_body_fault() -> None:
    """A fault that a listing cannot show is refused, or a test would prove nothing."""
    with pytest.raises(ValueError, match="listing takes"):
        Hub(FILES).faults[LISTING] = Truncate(1)


def test_real_client_downloads_and_then_only_lists(tmp_path: Path) -> None:
    """The real client gets every byte once, and a second run sends no file request at all."""
    with Hub(FILES) as hub:
        first = download(hub.url, tmp_path, REPO_ID)
        assert {path: first.read(path) for path in FILES} == FILES
        assert hub.body_bytes == sum(map(len, FILES.values()))
        hub.reset_log()
        assert download(hub.url, tmp_path, REPO_ID).folder == first.folder
        assert [request.path.rsplit("/", 1)[-1] for request in hub.log] == ["files"]


def test_real_client_keeps_to_its_patterns(tmp_path: Path) -> None:
    """With a folder pattern the client lists below that folder only and fetches nothing else."""
    with Hub(FILES) as hub:
        outcome = download(hub.url, tmp_path, REPO_ID, ["vae/*"])
        assert [r.query.get("Root") for r in hub.log if r.path.endswith("/files")] == ["vae"]
        assert not hub.requests_for(SMALL)
    assert outcome.read(WEIGHTS) == FILES[WEIGHTS]


def test_real_client_splits_into_ranges(tmp_path: Path) -> None:
    """The client's parallel mode gets its parts, and together they are the file."""
    settings = {
        "MODELSCOPE_DOWNLOAD_PARALLEL_WORKERS": "2",
        "MODELSCOPE_DOWNLOAD_PARALLEL_THRESHOLD_MB": "1",
        "MODELSCOPE_DOWNLOAD_PART_SIZE_MB": "1",
    }
    with Hub(FILES) as hub:
        outcome = download(hub.url, tmp_path, REPO_ID, settings=settings)
        assert [r.status for r in hub.requests_for(WEIGHTS)] == [206, 206, 206]
    assert outcome.read(WEIGHTS) == FILES[WEIGHTS]


@pytest.mark.parametrize("fault", [Status(503, times=1), Corrupt(times=1), Drop(times=1), ShortBody(times=1)], ids=repr)
def test_real_client_survives_one_fault(tmp_path: Path, fault: Fault) -> None:
    """A fault of one request is retried by the client with success."""
    with Hub(FILES) as hub:
        hub.faults[WEIGHTS] = fault
        assert download(hub.url, tmp_path, REPO_ID).read(WEIGHTS) == FILES[WEIGHTS]
        assert len(hub.requests_for(WEIGHTS)) == 2


def test_real_client_resumes_a_truncated_body(tmp_path: Path) -> None:
    """After a cut body the client asks for the missing range, so no byte is sent twice."""
    with Hub(FILES) as hub:
        hub.faults[WEIGHTS] = Truncate(after=2_000_000, times=1)
        assert download(hub.url, tmp_path, REPO_ID).read(WEIGHTS) == FILES[WEIGHTS]
        assert [r.range for r in hub.requests_for(WEIGHTS)] == [None, "bytes=2000000-"]
        assert sum(r.bytes_sent for r in hub.requests_for(WEIGHTS)) == SIZE


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Status(404), "NotExistError"),
        (Status(503), "ServerError"),
        (Corrupt(), "FileIntegrityError"),
        (ShortBody(), "FileSizeMismatchError"),
    ],
    ids=repr,
)
def test_real_client_reports_a_lasting_fault(tmp_path: Path, fault: Fault, error: str) -> None:
    """A fault that stays is reported for its file only."""
    with Hub(FILES) as hub:
        hub.faults[WEIGHTS] = fault
        assert download(hub.url, tmp_path, REPO_ID).failed == {WEIGHTS: error}
        assert len(hub.requests_for(SMALL)) == 1


def test_real_client_without_a_token_is_refused(tmp_path: Path) -> None:
    """The client's token opens a private repository, and without it the run fails."""
    with Hub(FILES, token="s3cret") as hub:
        assert download(hub.url, tmp_path, REPO_ID).error == "AuthenticationError"
        outcome = download(hub.url, tmp_path, REPO_ID, settings={"MODELSCOPE_API_TOKEN": "s3cret"})
    assert outcome.read(SMALL) == FILES[SMALL]


def test_killed_real_client_resumes(tmp_path: Path) -> None:
    """A client killed in the middle of a file leaves a part that the next run completes."""
    with Hub(FILES) as hub:
        stall = Stall(after=2_097_152)
        hub.faults[WEIGHTS] = stall
        with subprocess.Popen(
            client_command(REPO_ID), env=client_environment(hub.url, tmp_path), stdout=subprocess.DEVNULL
        ) as process:
            assert stall.reached.wait(TIMEOUT)
            wait_for_bytes(tmp_path, "*.incomplete")
            process.kill()
        del hub.faults[WEIGHTS]
        hub.reset_log()
        assert download(hub.url, tmp_path, REPO_ID).read(WEIGHTS) == FILES[WEIGHTS]
        assert [r.status for r in hub.requests_for(WEIGHTS)] == [206]
        assert hub.body_bytes < SIZE
