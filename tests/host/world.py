"""A host in the local cloud as the bootstrap meets it: an instance, its data volume, a login."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from zagent.errors import ZagentError

from infra import tags
from infra.account.access import Access
from infra.bootstrap.converge import converge, missing
from infra.bootstrap.gather import on_host
from infra.bootstrap.permission import VolumeTag
from infra.bootstrap.ssh.connecting import connect
from infra.bootstrap.ssh.fabric_host import FabricHost
from infra.bootstrap.ssh.host import Host, must
from infra.bootstrap.ssh.login import Login
from infra.bootstrap.steps.base import Target
from infra.bootstrap.want import ROOT, Want, serial_of
from infra.settings import Settings
from tests.configured import settings
from tests.host.meddling import Meddler
from tests.localcloud.cloud.ec2.image import AMI_ID
from tests.localcloud.cloud.region import REGION
from tests.localcloud.hosts import HUB
from tests.localcloud.hosts.qemu import INSTANCE_STORE
from tests.localcloud.local import LocalCloud
from tests.localcloud.waiting import until

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import WaiterConfigTypeDef

PROJECT, STACK = "zagent", "dev"
OWN = {tags.PROJECT: PROJECT, tags.STACK: STACK}
MADE = {**OWN, tags.OWNER: "arn:aws:iam::123456789012:user/you"}
ZONE = f"{REGION}a"
SIZE_GIB = 50
"""Sparse; a data root needs 40 GB."""
USER = "ubuntu"
SOON: WaiterConfigTypeDef = {"Delay": 1, "MaxAttempts": 300}
"""Look every second, and not every quarter of a minute."""


@dataclass
class World:
    """One instance and its volume; ``said`` is what the last converge told, ``backup_target`` the stack's.

    ``settled`` is a test's last word: its last converge came through, which looks once more when all is done, and
    nothing was changed since. The next test need not look again.
    """

    cloud: LocalCloud
    key: Path
    host_key: str
    instance: str
    volume: str
    said: list[str] = field(default_factory=list)
    settled: bool = False
    backup_target: str = ""

    @property
    def access(self) -> Access:
        """AWS's API."""
        return Access()

    @property
    def settings(self) -> Settings:
        """Its stack's, as the operator's files have them."""
        return settings(sshCidrs=["127.0.0.0/8"], sshPrivateKeyFile=str(self.key), modelscopeEndpoint=f"http://{HUB}")

    @property
    def address(self) -> str:
        """Where the host answers SSH, other after each stop."""
        told = self.access.ec2.describe_instances(InstanceIds=[self.instance])["Reservations"][0]["Instances"][0]
        return str(told["PublicIpAddress"])

    @property
    def login(self) -> Login:
        """With the one key, accepting the one host key."""
        return Login(self.address, USER, self.key, self.host_key)

    @contextmanager
    def connected(self) -> Iterator[FabricHost]:
        """A connection, as soon as the host answers."""
        host = connect(self.login, self.said.append)
        try:
            yield host
        finally:
            host.close()

    def root(self, command: str) -> str:
        """What a shell command prints that must succeed, run as root."""
        with self.connected() as host:
            return must(host, command, "sh", "-c", command)

    def ssh(self, command: str, *, expect: int = 0) -> str:
        """What a command prints that a person gives to ssh; it must end with this exit code."""
        known = self.key.with_name("known_hosts")
        known.write_text(f"{self.address} {self.host_key}\n")
        options = ["-F", "none", "-i", str(self.key), "-o", f"UserKnownHostsFile={known}", "-o", "BatchMode=yes"]
        done = subprocess.run(
            ["ssh", *options, f"{USER}@{self.address}", command], capture_output=True, text=True, check=False
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr

    def want(self, volume: str = "", *, pull: bool = True) -> Want:
        """What `pulumi up` would want of it."""
        serial, endpoint = serial_of(volume or self.volume), f"http://{HUB}"
        return Want(serial, USER, PROJECT, STACK, endpoint, pull=pull, backup_target=self.backup_target)

    def converge(self, volume: str = "", through: Meddler | None = None) -> int:
        """The number of steps; ``through`` meddles with it."""
        self.said.clear()
        with self.connected() as host:
            return self.converge_on(self._through(through, host), volume)

    def converge_on(self, host: Host, volume: str = "", *, pull: bool = True) -> int:
        """The same over a connection that is open already."""
        return converge(self._target(host, volume), self.want(volume, pull=pull))

    @staticmethod
    def _through(meddler: Meddler | None, host: Host) -> Host:
        if meddler is None:
            return host
        meddler.host = host
        return meddler

    def settle(self) -> None:
        """See that nothing is left to do."""
        assert self.converge() == 0, self.said
        self.settled = True

    def missing(self) -> list[str]:
        """The steps that it lacks."""
        with self.connected() as host:
            return list(map(str, missing(self._target(host), self.want())))

    def refused(self, volume: str = "") -> ZagentError:
        """The error of a converge that must not come through."""
        try:
            steps = self.converge(volume)
        except ZagentError as error:
            return error
        raise AssertionError(f"it came through, with {steps} steps: {self.said}")

    def _target(self, host: Host, volume: str = "") -> Target:
        return Target(host, VolumeTag(volume or self.volume, PROJECT, STACK, self.access), self.said.append)

    def release(self) -> None:
        """Unmount, as `pulumi destroy` does."""
        with self.connected() as host:
            must(host, "let the volume go", *on_host("release", ROOT))

    def mounted(self) -> bool:
        """Whether something is mounted there."""
        return self.root(f"mountpoint -q {ROOT} && echo yes || true") == "yes\n"

    def boot(self) -> str:
        """The id of this boot, another one after each."""
        return self.root("cat /proc/sys/kernel/random/boot_id").strip()

    def power_cut(self) -> None:
        """Nothing is flushed; it boots again."""
        self.cloud.order("power-cut", instance=self.instance)

    def booted(self) -> None:
        """Wait until it greets: a try to log in takes longer to see that nobody is there yet."""
        until(self._greets, 600)

    def _greets(self) -> bool:
        with suppress(OSError), socket.create_connection((self.address, 22), timeout=1) as connection:
            connection.settimeout(2)
            return connection.recv(4) == b"SSH-"
        return False

    def stop(self) -> None:
        """Shut down."""
        self.access.ec2.stop_instances(InstanceIds=[self.instance])
        self.access.ec2.get_waiter("instance_stopped").wait(InstanceIds=[self.instance], WaiterConfig=SOON)

    def start(self) -> None:
        """Boot; it answers later."""
        self.access.ec2.start_instances(InstanceIds=[self.instance])

    def attach(self, volume: str, device: str = "/dev/sdf") -> None:
        """Plug a volume in."""
        self.access.ec2.attach_volume(InstanceId=self.instance, VolumeId=volume, Device=device)
        self.access.ec2.get_waiter("volume_in_use").wait(VolumeIds=[volume], WaiterConfig=SOON)

    def detach(self, volume: str) -> None:
        """Pull a volume out."""
        self.access.ec2.detach_volume(VolumeId=volume)
        self.access.ec2.get_waiter("volume_available").wait(VolumeIds=[volume], WaiterConfig=SOON)

    def disk(self, volume: str) -> Path:
        """The file behind a volume."""
        return self.cloud.state.volumes / f"{volume}.raw"

    @property
    def instance_store(self) -> Path:
        """The file behind the disk that came with the instance."""
        return self.cloud.state.hosts / self.instance / INSTANCE_STORE

    def other_volume(self, prepare: Callable[[Path], None] = lambda disk: None) -> str:
        """A second volume of the same size, in nothing yet; ``prepare`` writes on its disk."""
        made = new_volume(self.access)
        prepare(self.disk(made))
        return made

    def delete(self, volume: str) -> None:
        """Pull it out and delete it."""
        if self.access.ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["Attachments"]:
            self.detach(volume)
        self.access.ec2.delete_volume(VolumeId=volume)

    def kept(self) -> Mapping[str, str]:
        """The digest of every file on the mounted volume that people and models count on."""
        listed = self.root(
            f"cd {ROOT} && find . -type f -not -path './.zagent/runtime/*' -exec sha256sum {{}} + | sort"
        )
        return dict(reversed(line.split(maxsplit=1)) for line in listed.splitlines())  # type: ignore[misc]


def new_volume(access: Access) -> str:
    """A blank volume as the infrastructure program makes it."""
    made = access.ec2.create_volume(
        AvailabilityZone=ZONE,
        Size=SIZE_GIB,
        VolumeType="gp3",
        TagSpecifications=[{"ResourceType": "volume", "Tags": [{"Key": k, "Value": v} for k, v in MADE.items()]}],
    )["VolumeId"]
    access.ec2.get_waiter("volume_available").wait(VolumeIds=[made], WaiterConfig=SOON)
    return made


def content(disk: Path) -> str:
    """A digest of where on a disk which bytes are that are no zeros; holes are not read."""
    total = hashlib.sha256()
    with disk.open("rb") as file:
        for start, end in _extents(file.fileno(), disk.stat().st_size):
            for at in range(start - start % CHUNK, end, CHUNK):
                file.seek(at)
                if any(read := file.read(CHUNK)):
                    total.update(b"%d " % at + read)
    return total.hexdigest()


CHUNK = 4096


def _extents(handle: int, size: int) -> Iterator[tuple[int, int]]:
    at = 0
    while at < size:
        try:
            at = os.lseek(handle, at, os.SEEK_DATA)
        except OSError:  # ENXIO: no more data
            return
        end = os.lseek(handle, at, os.SEEK_HOLE)
        yield at, end
        at = end


def launched(access: Access, public_key: str, user_data: bytes) -> str:
    """An instance that boots; its login key is planted."""
    access.ec2.import_key_pair(KeyName="login", PublicKeyMaterial=public_key.encode())
    ran = access.ec2.run_instances(
        ImageId=AMI_ID,
        InstanceType="g6e.xlarge",
        MinCount=1,
        MaxCount=1,
        KeyName="login",
        UserData=user_data.decode(),
        Placement={"AvailabilityZone": ZONE},
    )
    return ran["Instances"][0]["InstanceId"]
