"""The machine, which may be replaced at any time."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import tags
from infra.components import capacity
from infra.components.data_volume import DataVolume
from infra.components.host_key import HostKey
from infra.components.identity import HostIdentity
from infra.components.network import Network
from infra.lookup.found import Found
from infra.lookup.login import public_half
from infra.settings import Settings


@dataclass(frozen=True)
class GpuHostArgs:
    """The stack's settings, what was found and decided, and what the host is put together from."""

    settings: Settings
    found: Found
    network: Network
    identity: HostIdentity
    volume: DataVolume


class GpuHost(pulumi.ComponentResource):
    """One EC2 instance with the data volume attached, and a host key that is known before it boots.

    ``address`` is where SSH goes: an Elastic IP, so that it stays when the machine is replaced, or, where no address
    may log in, the instance id, which Session Manager takes for one.
    """

    def __init__(self, name: str, args: GpuHostArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("zagent:infra:GpuHost", name, None, opts)
        self._name, self._child = name, pulumi.ResourceOptions(parent=self)
        self.key = HostKey(f"{name}-key", opts=self._child)
        self.instance = self._instance(args, self._login(args.settings))
        self.attachment = aws.ec2.VolumeAttachment(
            f"{name}-data",
            instance_id=self.instance.id,
            volume_id=args.volume.id,
            device_name="/dev/sdf",
            # A mounted volume never detaches (hashicorp/terraform-provider-aws#4770); forcing it would lose data.
            stop_instance_before_detaching=True,
            # Both hang on the same device name, so the old volume must be off before another one comes.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        self.address: pulumi.Output[str] = self._address(args.settings)
        self.register_outputs({"address": self.address})

    def _login(self, settings: Settings) -> aws.ec2.KeyPair:
        public = public_half(settings.ssh_private_key_file)
        return aws.ec2.KeyPair(f"{self._name}-login", public_key=public, tags=settings.tags, opts=self._child)

    def _address(self, settings: Settings) -> pulumi.Output[str]:
        if not settings.has_address:
            return self.instance.id
        elastic = aws.ec2.Eip(
            f"{self._name}-address",
            domain="vpc",
            instance=self.instance.id,
            tags={**settings.tags, "Name": settings.name},
            opts=self._child,
        )
        return elastic.public_ip

    def _instance(self, args: GpuHostArgs, login: aws.ec2.KeyPair) -> aws.ec2.Instance:
        settings, found = args.settings, args.found
        return aws.ec2.Instance(
            f"{self._name}-instance",
            ami=found.image,
            instance_type=settings.instance_type,
            availability_zone=args.network.subnet.availability_zone,
            subnet_id=args.network.subnet.id,
            vpc_security_group_ids=[args.network.security_group.id],
            iam_instance_profile=args.identity.profile.name,
            key_name=login.key_name,
            metadata_options={"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1},
            root_block_device={"encrypted": True, "volume_type": "gp3", "tags": settings.root_tags},
            user_data=user_data(self.key),
            tags={**settings.tags, "Name": settings.name, tags.HOST_KEY: self.key.public_key},
            opts=pulumi.ResourceOptions(
                parent=self,
                # The volume can hang on one instance only: the old one must be gone before the new one takes it.
                delete_before_replace=True,
                # "The current image" moves, and so may amiId; a living host gets another one by `zagent cloud reset`.
                ignore_changes=["ami"],
                # Session Manager must find its rights at the first boot.
                depends_on=[args.identity.may],
                hooks=pulumi.ResourceHookBinding(on_error=[capacity.hook(settings, found)]),
            ),
        )


def user_data(key: HostKey) -> pulumi.Output[str]:
    """What the image's cloud-init does at the first boot of a system disk: it plants the host key."""

    def plant(halves: list[str]) -> str:
        private, public = halves
        keys = {"ed25519_private": private, "ed25519_public": public}
        return "#cloud-config\n" + json.dumps({"ssh_deletekeys": True, "ssh_keys": keys}, indent=1) + "\n"

    return pulumi.Output.secret(pulumi.Output.all(key.private_key, key.public_key).apply(plant))
