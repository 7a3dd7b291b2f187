"""What the stack's state knows of."""

from __future__ import annotations

from typing import Any

import pytest

from infra.lookup.known import INSTANCE, LOGIN, VOLUME, Known, parse


def resource(kind: str, **outputs: Any) -> dict[str, Any]:
    """One of the state's, as the engine hands it over."""
    return {"type": kind, "outputs": outputs}


STACK = resource("pulumi:pulumi:Stack")
DISK, HOST = resource(VOLUME, id="vol-1", size=100), resource(INSTANCE, id="i-1")
OTHERS = [
    resource("aws:ebs/snapshot:Snapshot", id="snap-1"),
    resource("aws:ec2/volumeAttachment:VolumeAttachment", id="vai-1", volumeId="vol-9", instanceId="i-9"),
    resource("zagent:infra:Volume"),
]


@pytest.mark.parametrize(
    ("resources", "known"),
    [
        ([], Known("", "")),
        ([STACK], Known("", "")),
        ([STACK, *OTHERS], Known("", "")),
        ([STACK, DISK], Known("vol-1", "")),
        ([HOST, STACK], Known("", "i-1")),
        ([*OTHERS, HOST, STACK, DISK], Known("vol-1", "i-1")),
        ([HOST, resource(LOGIN, id="host-login", publicKey="ssh-ed25519 AAAA")], Known("", "i-1", "ssh-ed25519 AAAA")),
        ([resource(VOLUME), resource(INSTANCE)], Known("", "")),
    ],
)
def test_volume_host_and_login_key(resources: list[dict[str, Any]], known: Known) -> None:
    """Wherever in the state they are; empty where there is none."""
    assert parse({f"urn:pulumi:dev::zagent::{number}": one for number, one in enumerate(resources)}) == known
