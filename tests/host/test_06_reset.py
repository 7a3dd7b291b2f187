"""The system disk is lost: everything comes back from the volume, also where the image has another user."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from zagent.volume.users import Account

from infra.bootstrap import converge
from infra.bootstrap.plan.users import SERVICE_NUMBER
from infra.bootstrap.steps.base import Target
from infra.bootstrap.want import ROOT, Want
from infra.errors import HostUnsuitable, ResetRefused
from infra.operations import reset
from tests.host.meddling import CutWithinEach
from tests.host.world import World

pytestmark = [pytest.mark.vm, pytest.mark.root, pytest.mark.cloud, pytest.mark.timeout(1800)]

ALICE = Account(1234, 1235)
RECORDS = ("./.zagent/verified/", "./.zagent/space/")


def test_a_number_of_the_volumes_is_taken(host: World) -> None:
    """Refused with a way out that works, before anything is changed; the people of the volume come back."""
    host.root(
        f"groupadd --gid {ALICE.gid} alice && useradd --uid {ALICE.uid} --gid alice --create-home alice"
        " && install -d -m 700 -o alice -g alice /data/users/alice && echo hers | tee /data/users/alice/file"
        " && chown alice:alice /data/users/alice/file"
    )
    assert host.converge() == 1, "the list of users"
    kept = host.kept()
    host.root(
        "userdel --remove alice && userdel zagent"
        f" && useradd --uid {SERVICE_NUMBER} squatter && touch /home/file && chown squatter /home/file"
    )
    refusal = host.refused()
    assert type(refusal) is HostUnsuitable
    assert f"the number {SERVICE_NUMBER}, here that is squatter and that is the group squatter" in refusal.message
    assert host.kept() == kept
    ways_out = "sudo usermod --uid FREE_NUMBER squatter && sudo groupmod --gid FREE_NUMBER squatter"
    assert ways_out in refusal.advice
    host.root(ways_out.replace("FREE_NUMBER", "2345"))
    assert host.converge() > 0
    assert host.kept() == kept
    assert her_numbers(host) == [str(ALICE.uid), str(ALICE.gid), "alice:alice"]
    host.root("userdel squatter; rm /home/file")
    host.settled = True


def test_a_reset_on_purpose(host: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What people keep on the old disk is told; all else comes back from the volume, with 0 bytes from the hub.

    Not begun on a host that is not as wanted: what is amiss would be laid at the reset's door. Whatever touches the
    volume is cut off once.
    """
    host.root("rm /etc/zagent/agent.env")
    with pytest.raises(ResetRefused, match=r"it lacks: write /etc/zagent/agent\.env"):
        reset.look(host.settings, print)
    assert host.converge() == 1
    host.ssh("echo mine >picture.png && echo A=b | sudo tee /etc/zagent/backup.env")
    kept, sent, boot = host.kept(), host.cloud.hub_bytes(), host.boot()
    begun = reset.look(host.settings, print)
    assert reset.valuables(begun) == [("/home/ubuntu/picture.png", 5), ("/etc/zagent/backup.env", 4)]
    monkeypatch.setattr(reset, "converge", cut_off)
    reset.carry_out(begun)
    assert list(begun.seconds) == [
        "weights proved",
        "volume let go",
        "system disk replaced",
        "host booted",
        "host converged",
        "weights there",
    ]
    assert host.boot() != boot
    assert host.root("ls /home/ubuntu") == ""
    assert without_records(host.kept()) == without_records(kept)
    assert her_numbers(host) == [str(ALICE.uid), str(ALICE.gid), "alice:alice"]
    assert host.cloud.hub_bytes() == sent
    host.settle()


def cut_off(target: Target, want: Want) -> int:
    """Converge, each step cut off once at its first command that names the volume."""
    said = list[str]()

    def say(line: str) -> None:
        said.append(line)
        target.say(line)

    cut = CutWithinEach(said, about=ROOT)
    cut.host = target.host
    return cut.again(lambda: converge.converge(Target(cut, target.permission, say), want))


def her_numbers(host: World) -> list[str]:
    """Whose her folder and file are."""
    return host.root("id -u alice; id -g alice; stat -c %U:%G /data/users/alice/file").split()


def without_records(kept: Mapping[str, str]) -> Mapping[str, str]:
    """All but what a verify notes: how it ended, and how much space there was."""
    return {path: digest for path, digest in kept.items() if not path.startswith(RECORDS)}
