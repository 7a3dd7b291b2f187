"""Where the host lives: a network of its own, with one public subnet in the volume's zone."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.settings import Settings

RANGE = "10.96.0.0/16"


@dataclass(frozen=True)
class NetworkArgs:
    """``zone`` is the volume's."""

    settings: Settings
    zone: str


class Network(pulumi.ComponentResource):
    """A VPC with a way out; the only way in is SSH from the configured address ranges."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("zagent:infra:Network", name, None, opts)
        self._name = name
        self._tags = args.settings.tags
        self._child = pulumi.ResourceOptions(parent=self)
        self.vpc = aws.ec2.Vpc(
            f"{name}-vpc", cidr_block=RANGE, enable_dns_hostnames=True, tags=self._tags, opts=self._child
        )
        self.subnet = self._subnet(args.zone)
        self._way_out()
        self.security_group = self._security_group(args.settings.ssh_cidrs)
        self.register_outputs({"subnet_id": self.subnet.id, "security_group_id": self.security_group.id})

    def _subnet(self, zone: str) -> aws.ec2.Subnet:
        # Name and range follow the zone: when the volume moves, the new subnet must not clash with the old one.
        third = 16 * (ord(zone[-1]) - ord("a"))
        return aws.ec2.Subnet(
            f"{self._name}-{zone}",
            vpc_id=self.vpc.id,
            availability_zone=zone,
            cidr_block=f"10.96.{third}.0/20",
            map_public_ip_on_launch=True,
            tags=self._tags,
            opts=self._child,
        )

    def _way_out(self) -> None:
        gateway = aws.ec2.InternetGateway(
            f"{self._name}-gateway", vpc_id=self.vpc.id, tags=self._tags, opts=self._child
        )
        table = aws.ec2.RouteTable(f"{self._name}-routes", vpc_id=self.vpc.id, tags=self._tags, opts=self._child)
        aws.ec2.Route(
            f"{self._name}-out",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
            opts=self._child,
        )
        aws.ec2.RouteTableAssociation(
            f"{self._name}-association", subnet_id=self.subnet.id, route_table_id=table.id, opts=self._child
        )

    def _security_group(self, ssh_cidrs: tuple[str, ...]) -> aws.ec2.SecurityGroup:
        group = aws.ec2.SecurityGroup(
            f"{self._name}-host", vpc_id=self.vpc.id, description="zagent host", tags=self._tags, opts=self._child
        )
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-egress",
            security_group_id=group.id,
            ip_protocol="-1",
            cidr_ipv4="0.0.0.0/0",
            opts=self._child,
        )
        for cidr in ssh_cidrs:
            aws.vpc.SecurityGroupIngressRule(
                f"{self._name}-ssh-{cidr}",
                security_group_id=group.id,
                ip_protocol="tcp",
                from_port=22,
                to_port=22,
                cidr_ipv4=cidr,
                opts=self._child,
            )
        return group
