"""The way in: SSH is for known addresses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Network, ip_network
from typing import Any

from infra.policy.resources import Resource, items, sections

SSH = 22
ALL_PROTOCOLS = ("-1", "all")
TCP = ("tcp", "6")

WORLD = {4: 8, 6: 16}
"""By IP version: a range with a shorter prefix is no one's alone. It would take two rules, 0.0.0.0/1 and 128.0.0.0/1,
to open a port to everybody if only 0.0.0.0/0 was refused."""

PRIVATE = IPv6Network("fc00::/7")
"""Wide, but not routed on the internet."""

RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
OLD_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
GROUPS = ("aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")


@dataclass(frozen=True)
class Opening:
    """What one rule lets in: a protocol, ports from ``first`` to ``last``, and from which ranges."""

    protocol: Any
    first: Any
    last: Any
    ranges: tuple[str, ...]

    @property
    def reaches_ssh(self) -> bool:
        """Whether port 22 is among what it opens; what is not known does not count, what is absent means all."""
        protocol = str(self.protocol).lower()
        if protocol in ALL_PROTOCOLS:
            return True
        return protocol in TCP and self._holds(SSH)

    def _holds(self, port: int) -> bool:
        if self.first in (None, -1):
            return True
        known = isinstance(self.first, (int, float)) and isinstance(self.last, (int, float))
        return known and self.first <= port <= self.last


def ssh_not_open_to_the_world(resource: Resource) -> Iterator[str]:
    """No rule of a security group lets the world reach port 22."""
    for opening in _openings(resource):
        for one in opening.ranges:
            if opening.reaches_ssh and is_world(one):
                yield (
                    f"{resource}: SSH (port {SSH}) is open to {one}. "
                    "Name the address ranges that need it, or none and go through AWS's Session Manager."
                )


def is_world(text: str) -> bool:
    """Whether an address range is so wide that nobody can know who is in it; what is no range is left to AWS."""
    try:
        found = ip_network(text, strict=False)
    except ValueError:
        return False
    private = isinstance(found, IPv6Network) and found.subnet_of(PRIVATE)
    return found.prefixlen < WORLD[found.version] and not private


def _openings(resource: Resource) -> Iterator[Opening]:
    """What a resource lets in."""
    values = resource.properties
    if resource.type == RULE:
        single = [values.get("cidrIpv4"), values.get("cidrIpv6")]
        yield Opening(values.get("ipProtocol"), values.get("fromPort"), values.get("toPort"), _texts(single))
    elif resource.type == OLD_RULE and values.get("type") == "ingress":
        yield _listed(values)
    elif resource.type in GROUPS:
        yield from map(_listed, sections(values.get("ingress")))


def _listed(values: Any) -> Opening:
    """A rule that lists its ranges."""
    ranges = [*items(values.get("cidrBlocks")), *items(values.get("ipv6CidrBlocks"))]
    return Opening(values.get("protocol"), values.get("fromPort"), values.get("toPort"), _texts(ranges))


def _texts(values: list[Any]) -> tuple[str, ...]:
    return tuple(one for one in values if isinstance(one, str))
