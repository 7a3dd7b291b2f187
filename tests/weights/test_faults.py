"""What a hub and a line can do wrong: overcome where it passes, one clear error where it does not."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from zagent.errors import DownloadFailed, HubRefused, HubUnreachable, ModelBusy, NotAModel, ZagentError
from zagent.weights import hub
from zagent.weights.model import Model

from tests.standin import LISTING, Corrupt, Drop, Fault, Hub, NoRange, ShortBody, Stall, Status, Truncate
from tests.weights import child, files
from tests.weights.conftest import Site

SIZE = len(files.needed()[files.SHARD])
PASSING: dict[str, Fault] = {
    "a dropped connection": Drop(times=1),
    "a truncated body": Truncate(after=60_000, times=1),
    "a line cut more often than patience lasts": Truncate(after=20_000),
    "503, then fine": Status(503, times=1),
    "429, then fine": Status(429, times=1),
    "a corrupt body": Corrupt(offset=SIZE // 2, times=1),
    "a short body": ShortBody(missing=9, times=1),
    "no ranges": NoRange(),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_what_passes_is_overcome(site: Site, fault: Fault) -> None:
    """The pull ends whole and right, and says nothing but bytes."""
    site.hub.faults[files.SHARD] = fault
    site.pull()
    assert files.below(site.snapshot) == files.needed()
    assert site.verify().whole


@pytest.mark.parametrize("fault", [Drop(times=1), Status(503, times=1), Corrupt(times=1)], ids=lambda one: str(one))
def test_the_index_is_asked_for_again_too(site: Site, fault: Fault) -> None:
    """The one file that is read before the download has the same patience."""
    site.hub.faults["model_index.json"] = fault
    site.pull()
    assert site.verify().whole


def test_a_stalled_line_is_given_up_and_resumed(site: Site) -> None:
    """A line that stands still times out, and the rest is asked for from where it stopped."""
    site.hub.faults[files.SHARD] = Stall(after=70_000, times=1)
    site.pull()
    ranges = [one.range for one in site.hub.requests_for(files.SHARD)]
    assert ranges == [None, "bytes=70000-"]
    assert site.verify().whole


LASTING: dict[str, tuple[Fault, type[ZagentError], str]] = {
    "503": (Status(503), HubUnreachable, "503"),
    "every connection dropped": (Drop(), HubUnreachable, "can.t be reached"),
    "a corrupt body": (Corrupt(offset=SIZE // 2), DownloadFailed, files.SHARD),
    "a short body": (ShortBody(missing=9), DownloadFailed, files.SHARD),
    "404 for a listed file": (Status(404), HubRefused, "404"),
    "403": (Status(403), HubRefused, "403"),
}


@pytest.mark.parametrize(("fault", "error", "words"), LASTING.values(), ids=LASTING)
def test_what_lasts_is_one_error_and_leaves_nothing_wrong(
    site: Site, fault: Fault, error: type[ZagentError], words: str
) -> None:
    """The file's name stays free, no manifest is written, all others are kept, and it ends well once it is over."""
    site.hub.faults[files.SHARD] = fault
    with pytest.raises(error, match=words):
        site.pull()
    assert not (site.snapshot / files.SHARD).exists()
    assert not site.manifest.exists()
    del site.hub.faults[files.SHARD]
    site.hub.reset_log()
    site.pull()
    assert site.fetched() == {"model_index.json", files.SHARD}
    assert site.verify().whole


@pytest.mark.parametrize(
    ("fault", "error"), [(Status(401), HubRefused), (Status(404), HubRefused), (Status(500), HubUnreachable)]
)
def test_a_listing_that_is_refused(site: Site, fault: Fault, error: type[ZagentError]) -> None:
    """401 and 404 speak of ids and tokens, a sick hub of trying again; no weights are asked for."""
    site.hub.faults[LISTING] = fault
    with pytest.raises(error):
        site.pull()
    assert site.fetched() == set()


def test_a_hub_that_is_down(site: Site) -> None:
    """The reason is the system's own words, and the error names the address."""
    url = site.hub.url
    site.hub.stop()
    with pytest.raises(HubUnreachable, match=f"{url} can't be reached: Connection refused"):
        site.pull()


@pytest.mark.parametrize("endpoint", ["ftp://somewhere", "http://", "http://[", "http://127.0.0.1:99999"])
def test_an_endpoint_that_is_no_address(site: Site, monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    """A slip of the pen in MODELSCOPE_ENDPOINT is told as such."""
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", endpoint)
    with pytest.raises(HubUnreachable) as caught:
        site.pull()
    assert "MODELSCOPE_ENDPOINT" in caught.value.advice


ANSWERS: dict[str, bytes] = {
    "a login page": b"<html>please log in</html>",
    "nothing": b"",
    "a list": b"[1, 2]",
    "files that are no objects": json.dumps({"Data": {"Files": [1]}}).encode(),
    "a file without a path": json.dumps({"Data": {"Files": [{"Type": "blob", "Size": 1}]}}).encode(),
    "a file without a size": json.dumps({"Data": {"Files": [{"Path": "model_index.json"}]}}).encode(),
    "a size that is no number": json.dumps({"Data": {"Files": [{"Path": "a", "Size": "many"}]}}).encode(),
    "a size below zero": json.dumps({"Data": {"Files": [{"Path": "a", "Size": -1}]}}).encode(),
    "a hash that is no text": json.dumps({"Data": {"Files": [{"Path": "a", "Size": 1, "Sha256": 7}]}}).encode(),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_listing_that_is_garbage(
    site: Site, monkeypatch: pytest.MonkeyPatch, answer: bytes, serve: Callable[[bytes], str]
) -> None:
    """Whatever answers there, a proxy's page or half a listing, is told to be no hub."""
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", serve(answer))
    with pytest.raises(HubUnreachable):
        site.pull()


@pytest.mark.parametrize("answer", [b"{}", b'{"Data": {"Files": []}}'])
def test_an_empty_listing_is_no_model(
    site: Site, monkeypatch: pytest.MonkeyPatch, answer: bytes, serve: Callable[[bytes], str]
) -> None:
    """A repository with nothing in it has no model_index.json."""
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", serve(answer))
    with pytest.raises(NotAModel, match=r"no model_index\.json"):
        site.pull()


@pytest.fixture
def serve() -> object:
    """What gives every request the same answer; returns its address."""
    servers: list[HTTPServer] = []

    def start(answer: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base
                """Say nothing."""

        servers.append(HTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[0].serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{servers[0].server_address[1]}"

    yield start
    for one in servers:
        one.shutdown()
        one.server_close()


def test_hashes_in_capitals_are_the_same_hashes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that lists hashes in capital letters is no hub with corrupt files."""
    real = requests.Response.json

    def capitals(self: requests.Response, **more: Any) -> Any:
        found = real(self, **more)
        for one in found.get("Data", {}).get("Files", []):
            one["Sha256"] = one.get("Sha256", "").upper()
        return found

    monkeypatch.setattr(requests.Response, "json", capitals)
    site.pull()
    assert site.verify().whole


def test_without_listed_hashes_no_half_file_of_another_version_is_finished(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing would tell that the halves do not fit, so the file is fetched anew."""
    with Hub(files.repository(), listing_sha256=False) as hub:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.url)
        hub.faults[files.SHARD] = Truncate(after=70_000, times=2)
        hub.faults[files.VAE] = Status(404)
        with pytest.raises(DownloadFailed):
            site.pull()
        assert (site.snapshot / f"{files.SHARD}.incomplete").exists()
        for path, content in files.needed(seed=4).items():
            hub.put(path, content)
        del hub.faults[files.VAE]
        site.pull()
    assert files.below(site.snapshot) == files.needed(seed=4)


def test_of_two_pulls_the_second_is_refused_and_told_who_is_first(site: Site) -> None:
    """The holder is shown with its process; when it is dead, its lock is free."""
    stall = site.hub.faults[files.SHARD] = Stall(after=50_000)
    first = child.start("--data-root", str(site.root), "pull")
    assert stall.reached.wait(60)
    with pytest.raises(ModelBusy, match=rf"`zagent pull` \(process {first.pid} on .*, since "):
        site.pull()
    first.kill()
    first.communicate()
    del site.hub.faults[files.SHARD]
    site.pull()
    assert site.verify().whole


def test_a_token_is_sent_and_never_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MODELSCOPE_API_TOKEN opens a private model, and stands in no output, error or manifest."""
    secret = "ms-5d41402abc4b2a76"
    monkeypatch.setenv("MODELSCOPE_API_TOKEN", secret)
    with Hub(files.repository(), token=secret) as hub:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.url)
        hub.faults[files.SHARD] = Status(404)
        bad = child.run("--data-root", str(root), "--debug", "pull", "--json")
        del hub.faults[files.SHARD]
        good = child.run("--data-root", str(root), "pull", "--json")
        assert (bad.returncode, good.returncode) == (23, 0), bad.stdout + good.stderr
        assert all(one.with_token for one in hub.log)
    told = [bad.stdout, bad.stderr, good.stdout, good.stderr]
    kept = [path.read_bytes().decode(errors="replace") for path in root.rglob("*") if path.is_file()]
    assert not any(secret in one for one in (*told, *kept))


def test_a_password_in_the_address_is_not_recorded(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint may carry a password; the manifest and the errors show the address without it."""
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", site.hub.url.replace("//", "//user:s3cret@"))
    assert site.pull().manifest.source == site.hub.url


@pytest.mark.parametrize("address", ["http://user:s3cret@127.0.0.1:99999", "ftp://user:s3cret@127.0.0.1:1"])
def test_a_password_in_a_mistyped_address_is_not_told(
    root: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """Whatever the library makes of it."""
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", address)
    with pytest.raises(HubUnreachable) as caught:
        hub.Hub(Model()).listing()
    assert "127.0.0.1" in caught.value.message
    assert "s3cret" not in caught.value.message


def test_a_wrong_token_is_told_as_such(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A private model without the right token names the variable."""
    monkeypatch.setenv("MODELSCOPE_API_TOKEN", "ms-wrong")
    with Hub(files.repository(), token="ms-right") as hub:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.url)
        with pytest.raises(HubRefused) as caught:
            Site(root, hub, []).pull()
    assert "MODELSCOPE_API_TOKEN" in caught.value.advice
    assert "ms-wrong" not in caught.value.message
