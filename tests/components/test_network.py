"""Where the host is, and who may come in."""

from __future__ import annotations

import ipaddress
import itertools
from dataclasses import replace
from pathlib import Path

from infra.components.network import RANGE
from tests.components.programs import BLANK, program
from tests.components.requests import Registered


def test_a_subnet_follows_its_zone(key: Path) -> None:
    """So that a move of zone never clashes with the old one: a name and a range of its own, in the network's."""
    zones = [f"us-east-1{letter}" for letter in "abcdef"]
    whole = ipaddress.IPv4Network(RANGE)
    ranges = [ipaddress.IPv4Network(_subnet(key, zone).inputs["cidrBlock"]) for zone in zones]
    assert all(one.subnet_of(whole) for one in ranges)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(ranges, 2))


def test_a_host_is_where_its_volume_is(key: Path) -> None:
    """Volume, subnet and instance, in this order: nothing else says a zone."""
    made = program(key, replace(BLANK, zone="us-east-1c"))
    assert made["data-volume"].inputs["availabilityZone"] == "us-east-1c"
    assert made["network-us-east-1c"].inputs["availabilityZone"] == "us-east-1c"
    host = made["host-instance"].inputs
    assert (host["availabilityZone"], host["subnetId"]) == ("us-east-1c", "network-us-east-1c-id")
    assert host["vpcSecurityGroupIds"] == ["network-host-id"]
    zones = {one.inputs["availabilityZone"] for one in made.values() if "availabilityZone" in one.inputs}
    assert zones == {"us-east-1c"}


def _subnet(key: Path, zone: str) -> Registered:
    return program(key, replace(BLANK, zone=zone))[f"network-{zone}"]


def test_without_addresses_nothing_is_open(key: Path) -> None:
    """No rule lets anybody in, no address is held; the host is its instance id."""
    closed = program(key, sshCidrs=[])
    kinds = {one.kind for one in closed.values()}
    assert not {"aws:ec2/eip:Eip", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"} & kinds
    assert closed["bootstrap"].inputs["address"] == "host-instance-id"
    assert closed["bootstrap"].inputs["proxy"].startswith("aws ssm start-session --target %h ")
    opened = program(key)
    rules = [one.inputs for one in opened.values() if one.kind.endswith("SecurityGroupIngressRule")]
    assert [(one["fromPort"], one["toPort"], one["cidrIpv4"]) for one in rules] == [(22, 22, "192.0.2.1/32")]
    assert opened["bootstrap"].inputs["address"] == "203.0.113.7"
    assert opened["host-address"].inputs["instance"] == "host-instance-id"


def test_only_the_ranges_that_are_named_may_come_in(key: Path) -> None:
    """A rule for each; the way out is open. The group has no rules of its own beside."""
    made = program(key, sshCidrs=["192.0.2.1", "198.51.100.0/24"])
    rules = {name: one.inputs for name, one in made.items() if one.kind.endswith("SecurityGroupIngressRule")}
    door = {"securityGroupId": "network-host-id", "ipProtocol": "tcp", "fromPort": 22, "toPort": 22}
    assert rules == {
        "network-ssh-192.0.2.1/32": {**door, "cidrIpv4": "192.0.2.1/32"},
        "network-ssh-198.51.100.0/24": {**door, "cidrIpv4": "198.51.100.0/24"},
    }
    assert not {"ingress", "egress"} & made["network-host"].inputs.keys()
    out = {"securityGroupId": "network-host-id", "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"}
    assert made["network-egress"].inputs == out
