"""Which restic is run, and how one is fetched: from a real server on this machine, good, bad, broken and absent."""

from __future__ import annotations

import bz2
import hashlib
import os
import platform
import stat
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
from zagent.errors import ResticUnavailable
from zagent.protect.restic import binary
from zagent.volume.layout import Layout

PROGRAM = b"#!/bin/sh\necho restic 0.19.1 compiled with go1.26 on linux/amd64\n"
ARCHIVE = bz2.compress(PROGRAM)

Answer = Callable[[BaseHTTPRequestHandler], None]


class Releases(ThreadingHTTPServer):
    """A place with releases that answers as ``answer`` says; ``asked`` are the paths that were asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer: Answer = sends(ARCHIVE)
        self.asked: list[str] = []
        self.over = Event()

    @property
    def address(self) -> str:
        """Its base address."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Releases)
        self.server.asked.append(self.path)
        self.server.answer(self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library names it)
        """Nothing."""


def sends(content: bytes, *, promised: int | None = None, code: int = 200) -> Answer:
    """An answer with this content, whose length may be said wrongly."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        handler.send_header("Content-Length", str(len(content) if promised is None else promised))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def breaks_a_chunk_off(handler: BaseHTTPRequestHandler) -> None:
    """Half of a chunk, and the line is dead."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"%x\r\n" % len(ARCHIVE) + ARCHIVE[:9])


def says_nothing(handler: BaseHTTPRequestHandler) -> None:
    """The line is open, and that is all."""
    assert isinstance(handler.server, Releases)
    handler.server.over.wait()


@pytest.fixture
def releases(monkeypatch: pytest.MonkeyPatch) -> Iterator[Releases]:
    """The server that the variable names; its archive has the pinned hash."""
    digest = hashlib.sha256(ARCHIVE).hexdigest()
    monkeypatch.setattr(binary, "SHA256", {platform.machine(): ("amd64", digest)})
    with Releases() as server:
        monkeypatch.setenv(binary.MIRROR, f"{server.address}/")
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.over.set()
        server.shutdown()


@pytest.fixture(autouse=True)
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH that could have a restic, without one; what is fetched goes beside it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(binary, "place", lambda: tmp_path / "tools" / "restic")
    return folder


def put(path: Path, version: str = "0.18.0", mode: int = 0o755) -> Path:
    """A program that says that it is restic."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho restic {version} compiled with go1.26 on linux/amd64\n")
    path.chmod(mode)
    return path


def refused() -> str:
    """What is said where there is none; nothing may have its name then, and no leftover stays."""
    with pytest.raises(ResticUnavailable) as error:
        binary.obtain()
    assert list(binary.place().parent.glob("*")) == []
    return error.value.message


def test_one_on_path_is_taken_and_nothing_is_fetched(bin_folder: Path, releases: Releases) -> None:
    """By its real path."""
    real = put(bin_folder.parent / "real" / "restic")
    (bin_folder / "restic").symlink_to(real)
    assert binary.obtain() == binary.Binary(real, (0, 18, 0))
    assert releases.asked == []


def test_the_pinned_one_is_fetched_proved_and_found_from_then_on(releases: Releases) -> None:
    """Under the release's own names; anybody may run it."""
    made = binary.obtain()
    assert (made.path, made.version) == (binary.place(), (0, 19, 1))
    assert made.path.read_bytes() == PROGRAM
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o755
    assert releases.asked == [f"/v{binary.PINNED}/restic_{binary.PINNED}_linux_amd64.bz2"]
    assert binary.obtain() == made
    assert len(releases.asked) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (sends(ARCHIVE[:-1] + b"x"), "has the SHA-256"),
        (sends(b"gone", code=404), "404"),
        (sends(b"", code=500), "500"),
        (sends(ARCHIVE[:9], promised=len(ARCHIVE)), f"broke off after 9 of {len(ARCHIVE)} bytes"),
        (breaks_a_chunk_off, "IncompleteRead"),
        (says_nothing, "timed out"),
    ],
    ids=["other bytes", "not there", "broken server", "cut off", "cut off in a chunk", "silent"],
)
def test_whatever_else_comes_gets_no_name(
    releases: Releases, monkeypatch: pytest.MonkeyPatch, answer: Answer, said: str
) -> None:
    """One error that says what came, from where; the next try gets it."""
    releases.answer = answer
    with monkeypatch.context() as patch:
        if answer is says_nothing:
            patch.setattr(binary, "PATIENCE", 0.2)
        message = refused()
    assert said in message
    assert releases.address in message
    releases.answer = sends(ARCHIVE)
    assert binary.obtain().path == binary.place()


def test_without_a_network(releases: Releases, monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy names the package and the variable."""
    with Releases() as closed:
        address = closed.address
    monkeypatch.setenv(binary.MIRROR, address)
    with pytest.raises(ResticUnavailable, match="Connection refused") as error:
        binary.obtain()
    assert "apt-get install restic" in error.value.advice
    assert binary.MIRROR in error.value.advice


def test_an_address_that_is_none(releases: Releases, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as it stands."""
    monkeypatch.setenv(binary.MIRROR, "mirror.example")
    assert "mirror.example" in refused()


def test_an_archive_that_would_fill_the_disk(releases: Releases, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is unpacked up to a limit only."""
    monkeypatch.setattr(binary, "LARGEST", len(ARCHIVE) - 1 if len(ARCHIVE) < len(PROGRAM) else len(PROGRAM))
    assert refused()


def test_a_machine_without_a_release(releases: Releases, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked for."""
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert "riscv64" in refused()
    assert releases.asked == []


def test_one_that_is_too_old_is_not_taken(bin_folder: Path, releases: Releases) -> None:
    """The fetched one is; where that can't be had both are told of."""
    put(bin_folder / "restic", "0.13.1")
    releases.answer = sends(b"gone", code=404)
    assert "it is older than 0.14" in refused()
    releases.answer = sends(ARCHIVE)
    assert binary.obtain().path == binary.place()


def test_one_that_does_not_run_is_not_taken(bin_folder: Path, releases: Releases) -> None:
    """Be it of another architecture, or no program at all."""
    (bin_folder / "restic").write_bytes(b"\x7fELF and no more")
    (bin_folder / "restic").chmod(0o755)
    assert binary.obtain().path == binary.place()


@pytest.mark.root
@pytest.mark.parametrize("where", ["shared file", "shared folder", "somebody's", "linked to", "data root"])
def test_root_runs_only_what_root_alone_can_change(bin_folder: Path, releases: Releases, where: str) -> None:
    """And never what lies on a data root, whoever owns it there."""
    real = put(bin_folder.parent / "elsewhere" / "restic")
    (bin_folder / "restic").symlink_to(real)
    assert binary.find() == binary.Binary(real, (0, 18, 0))
    if where == "shared file":
        real.chmod(0o777)
    elif where == "shared folder":
        real.parent.chmod(0o775)
    elif where == "somebody's":
        os.chown(real.parent, 1234, 1234)
    elif where == "linked to":
        between = bin_folder.parent / "between"
        between.symlink_to(real)
        (bin_folder / "restic").unlink()
        (bin_folder / "restic").symlink_to(between)
        real.chmod(0o757)
    else:
        marker = Layout(real.parent.parent / "elsewhere").marker
        marker.parent.mkdir()
        marker.write_text("{}")
    assert binary.find() is None
    assert binary.obtain().path == binary.place()
    releases.answer = sends(b"", code=404)
    binary.place().unlink()
    assert "root runs only what root alone can change" in refused()


@pytest.mark.parametrize(
    ("told", "version"),
    [
        ("restic 0.14.0 compiled with go1.19.8 on linux/amd64\n", (0, 14, 0)),
        ("restic 0.19.1-dev (compiled manually) compiled with go1.26", (0, 19, 1)),
        ("restic 1.0", (1, 0)),
        ("rustic 0.9.1", ()),
        ("", ()),
    ],
)
def test_a_version_is_read(told: str, version: tuple[int, ...]) -> None:
    """Of releases and of builds by hand."""
    assert binary.parse(told) == version


def test_every_architecture_is_pinned_by_a_hash() -> None:
    """Of the length of a SHA-256, each of its own."""
    digests = [digest for _, digest in binary.SHA256.values()]
    assert {len(bytes.fromhex(one)) for one in digests} == {32}
    assert len(set(digests)) == len(digests) == 2
