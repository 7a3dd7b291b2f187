"""The stack's configuration, typed; every key is declared in Pulumi.yaml with its type, default and description."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from infra import tags
from infra.account import sessions
from infra.account.access import Access
from infra.errors import BadSetting
from infra.reader import Reader

NEW_VOLUME_GIB = 100
"""The size of a new data volume: the weights' 32.88 GB, their bf16 copy of 20.5 GB, the runtime, room for images."""

ONLY_THE_PROVIDERS = ("accessKey", "secretKey", "assumeRole", "assumeRoles")
"""Keys of the AWS provider by which it would ask as somebody else than the look-ups do."""

Get = Callable[[str], Any]
"""Gives the value of a key, None where it has none."""


@dataclass(frozen=True)
class Settings:
    """What one stack wants; an empty string or 0 means: not said.

    Sizes are in GiB, throughput in MiB/s, ``snapshot_time`` is hh:mm in UTC.
    """

    project: str
    stack: str
    region: str
    profile: str
    instance_type: str
    ami_id: str
    volume_id: str
    volume_size_gib: int
    volume_throughput: int
    volume_iops: int
    restore: str
    availability_zone: str
    kms_key_arn: str
    ssh_cidrs: tuple[str, ...]
    ssh_user: str
    ssh_private_key_file: Path
    modelscope_endpoint: str
    python_index_url: str
    pull_on_up: bool
    backup_target: str
    snapshot_time: str
    snapshot_keep: int
    snapshot_root: bool
    more_tags: Mapping[str, str]

    @property
    def name(self) -> str:
        """The stack's name with the project's: what its volume and host are called."""
        return f"{self.project}-{self.stack}"

    @property
    def target(self) -> str:
        """What the tag says by which a snapshot policy finds the stack's data volume; no name has a slash in it."""
        return f"{self.project}/{self.stack}"

    @property
    def root_target(self) -> str:
        """The same for the host's system disk."""
        return f"{self.target}/root"

    @property
    def own_tags(self) -> dict[str, str]:
        """The tags by which the stack's own things are found again."""
        return {tags.PROJECT: self.project, tags.STACK: self.stack}

    @property
    def tags(self) -> dict[str, str]:
        """The tags of everything that is made."""
        return {**self.more_tags, **self.own_tags}

    @cached_property
    def access(self) -> Access:
        """How AWS is asked."""
        return Access(self.region, self.profile)

    def owns(self, carried: Mapping[str, str]) -> bool:
        """Whether these are tags of something of this stack's."""
        return self.own_tags.items() <= carried.items()

    @property
    def root_tags(self) -> dict[str, str]:
        """The tags of the host's system disk; one has it snapshotted where that is wanted.

        It must not carry the tags by which the data volume and its snapshots are found.
        """
        own = {tags.SNAPSHOTS: self.root_target} if self.snapshot_root else {}
        return {**self.more_tags, **own, "Name": f"{self.name}-root"}

    def volume_tags(self, owner: str) -> dict[str, str]:
        """The tags of the stack's data volume, made by ``owner``."""
        own = {tags.OWNER: owner, tags.SNAPSHOTS: self.target, "Name": f"{self.name}-data"}
        return {**self.tags, **own}

    @property
    def has_address(self) -> bool:
        """Whether the host is reached at an address; else through AWS's Session Manager, by its instance id."""
        return bool(self.ssh_cidrs)

    @property
    def proxy(self) -> str:
        """The command that carries SSH to the host; empty where it has an address."""
        return "" if self.has_address else sessions.proxy_command(self.access)


def load(get: Get, get_aws: Get, project: str, stack: str) -> Settings:
    """The settings of a stack; ``get`` reads keys of the project, ``get_aws`` those of the AWS provider.

    Raises:
        BadSetting: a value that can't be; it names the key and the stack's file.
    """
    read = Reader(get, f"Pulumi.{stack}.yaml")
    caller = Reader(lambda key: get_aws(key.removeprefix("aws:")) or "", read.file)
    _require_one_caller(get_aws, read.file)
    return Settings(
        project=project,
        stack=stack,
        region=caller.text("aws:region", r"[a-z0-9-]*", "us-east-1"),
        profile=caller.text("aws:profile", r".*", "PROFILE"),
        instance_type=read.text("instanceType", r"[a-z0-9-]+\.[a-z0-9-]+", "g6e.xlarge"),
        ami_id=read.text("amiId", r"(ami-[0-9a-f]+)?", "ami-0123456789abcdef0"),
        volume_id=read.text("volumeId", r"(vol-[0-9a-f]+)?", "vol-0123456789abcdef0"),
        volume_size_gib=read.number("volumeSizeGib", 1, 65_536, NEW_VOLUME_GIB),
        volume_throughput=read.number("volumeThroughput", 125, 2_000, 500),
        volume_iops=read.number("volumeIops", 100, 256_000, 4_000),
        restore=read.text("restore", r"auto|blank|snap-[0-9a-f]+", "auto"),
        availability_zone=read.text("availabilityZone", r"([a-z]{2}(-[a-z]+)+-\d[a-z])?", "us-east-1a"),
        kms_key_arn=read.text("kmsKeyArn", r"(arn:aws[a-z-]*:kms:\S+:key/\S+)?", "arn:aws:kms:REGION:ACCOUNT:key/ID"),
        ssh_cidrs=read.cidrs("sshCidrs"),
        ssh_user=read.text("sshUser", r"[a-z_][a-z0-9_-]*", "ubuntu"),
        ssh_private_key_file=Path(read.text("sshPrivateKeyFile", r".+", "~/.ssh/id_ed25519")).expanduser(),
        modelscope_endpoint=read.text("modelscopeEndpoint", r"(https?://\S+)?", "https://modelscope.cn"),
        python_index_url=read.index("pythonIndexUrl"),
        pull_on_up=read.flag("pullOnUp"),
        backup_target=read.target("backupTarget"),
        snapshot_time=read.text("snapshotTime", r"([01]\d|2[0-3]):[0-5]\d", "03:00"),
        snapshot_keep=read.number("snapshotKeep", 1, 1_000, 7, unset=False),
        snapshot_root=read.flag("snapshotRoot"),
        more_tags=read.tags("tags"),
    )


def _require_one_caller(get_aws: Get, file: str) -> None:
    for key in ONLY_THE_PROVIDERS:
        if get_aws(key):
            why = f"zagent would ask AWS as somebody else: `pulumi config rm aws:{key}`, and name a profile"
            words = "aws:profile PROFILE   where that profile of ~/.aws/config says it"
            raise BadSetting(key=f"aws:{key}", file=f"{file} or Pulumi.yaml", value="set", why=why, words=words)
