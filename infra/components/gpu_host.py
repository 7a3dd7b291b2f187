"""The machine, which may be replaced at any time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import paramiko
import pulumi
import pulumi_aws as aws

from infra import tags
from infra.components.data_volume import DataVolume
from infra.components.host_key import HostKey
from infra.components.network import Network
from infra.errors import KeyFileMissing
from infra.settings import Settings


@dataclass(frozen=True)
class GpuHostArgs:
    """``image`` is the id of the host's image."""

    settings: Settings
    image: str
    network: Network
    volume: DataVolume


class GpuHost(pulumi.ComponentResource):
    """One EC2 instance with the data volume attached, and a host key that is known before it boots."""

    def __init__(self, name: str, args: GpuHostArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("zagent:infra:GpuHost", name, None, opts)
        self.key = HostKey(f"{name}-key", opts=pulumi.ResourceOptions(parent=self))
        login = aws.ec2.KeyPair(
            f"{name}-login",
            public_key=public_half(args.settings.ssh_private_key_file),
            tags=args.settings.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.instance = self._instance(name, args, login)
        self.attachment = aws.ec2.VolumeAttachment(
            f"{name}-data",
            instance_id=self.instance.id,
            volume_id=args.volume.id,
            device_name="/dev/sdf",
            # A mounted volume never detaches (hashicorp/terraform-provider-aws#4770); forcing it would lose data.
            stop_instance_before_detaching=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.address: pulumi.Output[str] = self.instance.public_ip
        self.register_outputs({"address": self.address})

    def _instance(self, name: str, args: GpuHostArgs, login: aws.ec2.KeyPair) -> aws.ec2.Instance:
        settings = args.settings
        return aws.ec2.Instance(
            f"{name}-instance",
            ami=args.image,
            instance_type=settings.instance_type,
            availability_zone=args.network.subnet.availability_zone,
            subnet_id=args.network.subnet.id,
            vpc_security_group_ids=[args.network.security_group.id],
            key_name=login.key_name,
            metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
            root_block_device={"encrypted": True, "volume_type": "gp3"},
            user_data=user_data(self.key),
            tags={
                **settings.tags,
                "Name": f"{settings.project}-{settings.stack}",
                tags.HOST_KEY: self.key.public_key,
            },
            opts=pulumi.ResourceOptions(
                parent=self,
                # The volume can hang on one instance only: the old one must be gone before the new one takes it.
                delete_before_replace=True,
                # "The current image" moves; a host is not replaced because AWS published a new one.
                ignore_changes=[] if settings.ami_id else ["ami"],
            ),
        )


def user_data(key: HostKey) -> pulumi.Output[str]:
    """What the image's cloud-init does at the first boot of a system disk: it plants the host key."""

    def plant(halves: list[str]) -> str:
        private, public = halves
        keys = {"ed25519_private": private, "ed25519_public": public}
        return "#cloud-config\n" + json.dumps({"ssh_deletekeys": True, "ssh_keys": keys}, indent=1) + "\n"

    return pulumi.Output.secret(pulumi.Output.all(key.private_key, key.public_key).apply(plant))


def public_half(path: Path) -> str:
    """The public key that belongs to a private key file, as a line for authorized_keys.

    Raises:
        KeyFileMissing: there is none, or it can't be read without a passphrase.
    """
    try:
        key = paramiko.PKey.from_path(path)
    except (OSError, ValueError, TypeError, paramiko.SSHException) as error:
        raise KeyFileMissing(path=path, why=error) from error
    return f"{key.get_name()} {key.get_base64()}"
