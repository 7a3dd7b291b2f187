"""The Pulumi resource: what counts as a change, what as a replacement, and that a dead host stops no destroy."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

import pulumi
import pytest
from pulumi.runtime import rpc

from infra.bootstrap import resource
from infra.bootstrap.resource import HostBootstrapProvider, source_digest
from infra.bootstrap.ssh.host import COMMAND_PATIENCE, OnLine, Ran
from infra.bootstrap.ssh.login import Login
from infra.bootstrap.steps.base import Step
from infra.bootstrap.steps.files import Reload
from infra.bootstrap.want import of_stack
from infra.errors import DiskMissing, HostUnreachable

PROPS = {
    "__provider": "pickle",
    "instance_id": "i-1",
    "address": "127.0.0.1",
    "host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ9xDWUW4DzzRg9rWCLYrtcAomXFQbVjCDwGzRz3IpPj",
    "ssh_user": "ubuntu",
    "ssh_private_key_file": "/nowhere",
    "volume_id": "vol-1",
    "volume_size": 100,
    "project": "zagent",
    "stack": "dev",
    "region": "us-east-1",
    "profile": "",
    "proxy": "",
    "stopped": "",
    "modelscope_endpoint": "",
    "python_index_url": "",
    "pull_on_up": True,
    "backup_target": "",
    "digest": "d1",
}


UNKNOWN = pulumi.output.Unknown()  # type: ignore[no-untyped-call]


def diff(**changes: Any) -> tuple[bool | None, list[str] | None]:
    """What the engine is told of changed properties."""
    found = HostBootstrapProvider().diff("id", dict(PROPS), {**PROPS, **changes})
    assert found.delete_before_replace
    return found.changes, found.replaces


def test_nothing_changed() -> None:
    """The same properties, though the engine pickled the class anew."""
    assert diff() == (False, [])
    assert diff(__provider="another pickle") == (False, [])


@pytest.mark.parametrize(
    "name", ["digest", "address", "volume_size", "modelscope_endpoint", "pull_on_up", "backup_target", "host_key"]
)
def test_a_changed_want_is_an_update(name: str) -> None:
    """The host converges again and stays."""
    assert diff(**{name: "another"}) == (True, [])


@pytest.mark.parametrize("name", ["instance_id", "volume_id"])
@pytest.mark.parametrize("value", ["another", rpc.UNKNOWN, UNKNOWN], ids=["known", "unknown", "in a preview"])
def test_another_host_or_volume_is_a_replacement(name: str, value: object) -> None:
    """Only then does the engine call delete on the old one; not known yet means another one."""
    assert diff(**{name: value}) == (True, [name])


def test_a_stopped_host_is_a_change_and_one_that_runs_again_is_none() -> None:
    """`pulumi up` starts it; that it was started asks for nothing more."""
    assert diff(stopped="User initiated") == (True, [])
    told = HostBootstrapProvider().diff("id", {**PROPS, "stopped": "User initiated"}, dict(PROPS))
    assert told.changes is False


def test_a_dead_host_stops_no_destroy(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Unreachable is a warning and success."""
    monkeypatch.setattr(resource, "FAREWELL_CONNECT", 0.0)
    with socket.socket() as taken:  # bound, so that nobody else answers there, and not listening
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setattr(resource, "login", lambda props: _login(props, taken.getsockname()[1]))
        HostBootstrapProvider().delete("id", dict(PROPS))
    assert "warning: 127.0.0.1 can't be worked on" in capsys.readouterr().out


def _login(props: dict[str, Any], port: int) -> Login:
    return Login(props["address"], "nobody", None, props["host_key"], port)


def test_a_key_that_is_gone_stops_no_destroy(capsys: pytest.CaptureFixture[str]) -> None:
    """What can't be reached for want of a key is detached from the stopped instance as well."""
    HostBootstrapProvider().delete("id", dict(PROPS))
    assert "warning: /nowhere can't be used to log in to 127.0.0.1: No such file" in capsys.readouterr().out


@pytest.mark.parametrize("reached_after", [0, 20, 70])
def test_a_destroy_waits_90_seconds_at_most(monkeypatch: pytest.MonkeyPatch, reached_after: int) -> None:
    """The longer the host takes to answer, the less is left for the rest; what runs there ends before we give it up."""
    clock, host = [1000.0], Told()

    def reach(*_: object) -> Told:
        clock[0] += reached_after
        return host

    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    monkeypatch.setattr(resource, "connect", reach)
    HostBootstrapProvider().delete("id", dict(PROPS))
    assert host.closed
    assert reached_after + host.patience <= 90
    assert 5 < float(host.words[-1]) < host.patience


class Told:
    """A host that does what it is told, and remembers it."""

    address = "ubuntu@127.0.0.1"
    words: Sequence[str] = ()
    patience = 0.0
    closed = False

    def run(self, words: Sequence[str], *, on_line: OnLine | None = None, patience: float = COMMAND_PATIENCE) -> Ran:
        """Do it."""
        self.words, self.patience = words, patience
        return Ran(0, "", "")

    def close(self) -> None:
        """Remember it."""
        self.closed = True


def test_a_refusal_reaches_the_engine_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """`pulumi up` shows what happened and what mends it."""

    def refuse(*_: object) -> None:
        raise DiskMissing(address="host", serial="vol1", disks="none")

    monkeypatch.setattr(resource, "connect", refuse)
    monkeypatch.setattr(resource, "start_if_stopped", lambda *_: None)
    with pytest.raises(RuntimeError, match="No disk of host has the serial number vol1; it has none\n  try: attach"):
        HostBootstrapProvider().create(dict(PROPS))


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch) -> list[Step]:
    """The steps that a host lacks."""
    found: list[Step] = []
    monkeypatch.setattr(resource, "connect", lambda *_: Told())
    monkeypatch.setattr(resource, "missing", lambda *_: found)
    return found


def test_a_refresh_notes_what_a_host_lacks(lacking: list[Step]) -> None:
    """That is a change for the next `up`, until a refresh finds nothing or a converge has taken it away."""
    provider = HostBootstrapProvider()
    assert provider.read("id", dict(PROPS)).outs == PROPS
    lacking.append(Reload())
    read = provider.read("id", dict(PROPS))
    assert (read.id, read.outs) == ("id", {**PROPS, "drift": ["let systemd and udev read their files again"]})
    assert provider.diff("id", read.outs or {}, dict(PROPS)).changes
    lacking.clear()
    assert provider.read("id", read.outs or {}).outs == PROPS


def test_a_host_that_can_not_be_asked_is_as_it_was(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`pulumi refresh` goes on, and says so; what was known to be lacking stays known."""

    def refuse(*_: object) -> None:
        raise HostUnreachable(address="host", why="it is silent")

    monkeypatch.setattr(resource, "connect", refuse)
    known = {**PROPS, "drift": ["something"]}
    assert HostBootstrapProvider().read("id", known).outs == known
    assert "what it lacks is not known" in capsys.readouterr().out


def test_the_want_of_a_stack_names_the_disk_by_its_serial() -> None:
    """The volume id without its dash; all else by the names that properties and settings share."""
    want = of_stack("vol-1", PROPS)
    assert (want.serial, want.ssh_user, want.pull) == ("vol1", "ubuntu", True)


def test_the_source_digest_is_the_same_twice() -> None:
    """Else no `pulumi up` would ever settle."""
    assert source_digest() == source_digest()
