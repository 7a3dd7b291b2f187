"""The whole promise: a cloud, a host, its system disk lost, everything destroyed but the volume, and back again."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

from tests.demo.commands import STACK, CloudCommands
from tests.demo.road import PROMPT, Disproved, Step, same_pixels
from tests.localcloud.hosts import HUB

GENERATE = f"zagent generate '{PROMPT}' --size 128 --seed 7 --json"
KINDS = (
    ("describe_instances", "Reservations", "InstanceId"),
    ("describe_volumes", "Volumes", "VolumeId"),
    ("describe_vpcs", "Vpcs", "VpcId"),
    ("describe_subnets", "Subnets", "SubnetId"),
    ("describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    ("describe_route_tables", "RouteTables", "RouteTableId"),
    ("describe_security_groups", "SecurityGroups", "GroupId"),
    ("describe_key_pairs", "KeyPairs", "KeyPairId"),
    ("describe_addresses", "Addresses", "AllocationId"),
)
"""What a stack is made of: EC2's call, the list in its answer, and the name of the id."""

BIGGER_GIB = 120

RESET_DEADLINE = 300.0
"""Seconds until the system disk must have been replaced."""


@dataclass(kw_only=True)
class CloudRoad(CloudCommands):
    """From nothing to a host that came back; ``before`` is what the volume was after the first `pulumi up`."""

    before: dict[str, Any] = field(default_factory=dict)

    def steps(self) -> list[Step]:
        """From nothing to a host that came back."""
        return [
            ("a stack", self.configure),
            ("pulumi up", self.up),
            ("zagent generate", lambda: self.generate("cloud-first.png")),
            ("a bigger volume", self.grow),
            ("system-disk reset", self.reset),
            ("zagent cloud converge", self.converge),
            ("generate, after the reset", lambda: self.generate_again("cloud-reset.png")),
            ("zagent cloud reset", self.reset_on_purpose),
            ("pulumi destroy", self.destroy),
            ("pulumi up, again", self.up_again),
            ("generate, on the new host", lambda: self.generate_again("cloud-again.png")),
        ]

    def configure(self) -> str:
        """A stack of its own, and a login key; the rest are the defaults of Pulumi.yaml."""
        self.keys.mkdir(parents=True, exist_ok=True)
        self.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key))
        self.pulumi("stack", "init", STACK)
        for path, value in (
            ("sshCidrs[0]", "127.0.0.0/8"),
            ("sshPrivateKeyFile", str(self.key)),
            ("modelscopeEndpoint", f"http://{HUB}"),
        ):
            self.pulumi("config", "set", "--path", path, value)
        return f"Pulumi.{STACK}.yaml: who may log in, with which key, and where the hub is"

    def up(self) -> str:
        """Network, host and blank volume; the bootstrap formats the volume, installs the agent, pulls the weights."""
        self.pulumi("up", "--yes", "--skip-preview", show=True)
        self.before = self.volume_facts()
        self.zagent("cloud", "status", "--stack", STACK, show=True)
        return f"{self.output('volume_id')} formatted once, agent installed, weights pulled"

    def generate(self, name: str) -> str:
        """An image is made on the host, and fetched."""
        said = self.on_host(GENERATE)
        event = next(one for line in said.splitlines() if (one := _event(line)).get("event") == "image")
        self.fetch(event["path"], self.pictures / name)
        return f"demo/{name}, made on {self.output('instance_id')}"

    def generate_again(self, name: str) -> str:
        """The same picture."""
        self.generate(name)
        same_pixels(self.pictures / "cloud-first.png", self.pictures / name)
        self.same_volume()
        return f"demo/{name}: every pixel equal"

    def grow(self) -> str:
        """The volume's size is raised, and its filesystem grows while it is mounted."""
        self.pulumi("config", "set", "volumeSizeGib", str(BIGGER_GIB))
        self.pulumi("up", "--yes", "--skip-preview", show=True)
        size = int(self.on_host("df --output=size -B1 /data | tail -n 1"))
        if size < 0.95 * BIGGER_GIB * 1024**3:
            raise Disproved(f"/data has {size} bytes of a volume of {BIGGER_GIB} GiB")
        self.same_volume()
        return f"/data has {BIGGER_GIB} GiB, and all that was on it"

    def reset(self) -> str:
        """The root disk is replaced through AWS's API; neither Pulumi nor zagent is told."""
        self.on_host("sudo touch /root/of-the-old-disk")
        ec2, instance = self.ec2(), self.output("instance_id")
        task = ec2.create_replace_root_volume_task(InstanceId=instance)["ReplaceRootVolumeTask"]
        self._wait_for_task(task["ReplaceRootVolumeTaskId"])
        return f"{instance} has a new, empty system disk; nobody told zagent"

    def _wait_for_task(self, task_id: str) -> None:
        deadline = time.monotonic() + RESET_DEADLINE
        state = ""
        while state != "succeeded":
            if state.startswith("failed") or time.monotonic() > deadline:
                raise Disproved(f"the root volume was not replaced: {state}")
            time.sleep(1)
            found = self.ec2().describe_replace_root_volume_tasks(ReplaceRootVolumeTaskIds=[task_id])
            state = found["ReplaceRootVolumeTasks"][0]["TaskState"]

    def converge(self) -> str:
        """One command, which knows no Pulumi state, makes the host whole."""
        self.zagent("cloud", "converge", STACK, show=True)
        self.on_host("! sudo test -e /root/of-the-old-disk && command -v zagent")
        self.same_volume()
        return "mounted, not formatted; the agent's runtime came back from the volume"

    def reset_on_purpose(self) -> str:
        """The same in one command: weights proved, disk replaced, host converged, weights found again."""
        before = self.hub_bytes()
        self.on_host("sudo touch /etc/of-the-old-disk")
        self.zagent("cloud", "reset", "--stack", STACK, "--yes", show=True)
        self.on_host("! test -e /etc/of-the-old-disk && zagent verify --quick")
        self.same_volume()
        if self.hub_bytes() != before:
            raise Disproved(f"{self.hub_bytes() - before} bytes came from the hub")
        return "another system disk, on purpose: weights proved before, there after"

    def destroy(self) -> str:
        """Everything that costs money by the hour goes."""
        self.pulumi("destroy", "--yes", "--skip-preview", show=True)
        left = self._left_over()
        if left != [self.before["volume_id"]]:
            raise Disproved(f"after `pulumi destroy` there are {left}, not only the volume")
        return f"nothing is left but {left[0]}"

    def _left_over(self) -> list[str]:
        """The ids of everything of the stack that the cloud still has."""
        return sorted(one for kind in KINDS for one in self._ids(*kind))

    def _ids(self, call: str, listed: str, name: str) -> list[str]:
        found = getattr(self.ec2(), call)(Filters=[{"Name": "tag:zagent:stack", "Values": [STACK]}])[listed]
        things = [one for group in found for one in group.get("Instances", [group])]
        return [one[name] for one in things if one.get("State") != {"Code": 48, "Name": "terminated"}]

    def up_again(self) -> str:
        """The volume is found by its tags and adopted."""
        self.pulumi("up", "--yes", "--skip-preview", show=True)
        if self.output("volume_id") != self.before["volume_id"]:
            raise Disproved(f"{self.output('volume_id')} is not {self.before['volume_id']}")
        self.same_volume()
        return f"{self.output('volume_id')} adopted; its marker tells of one format, on {self.before['created']}"

    def volume_facts(self) -> dict[str, Any]:
        """The volume's id, its marker, and the filesystem's uuid and time of creation as the disk itself has them."""
        marker = json.loads(self.on_host("cat /data/.zagent/volume.json"))
        uuid = self.on_host("findmnt -no UUID /data").strip()
        permission = self._permission()
        if not marker["fs_uuid"] == uuid == permission.removeprefix("done:"):
            raise Disproved(f"the marker says {marker['fs_uuid']}, the disk {uuid}, the volume's tag {permission}")
        return {"volume_id": self.output("volume_id"), **marker}

    def _permission(self) -> str:
        volume = self.ec2().describe_volumes(VolumeIds=[self.output("volume_id")])["Volumes"][0]
        return {one["Key"]: one["Value"] for one in volume["Tags"]}.get("zagent:format", "")

    def same_volume(self) -> None:
        """The volume is the one it was, formatted when it was: same id, same marker, same filesystem uuid.

        Raises:
            Disproved: something differs.
        """
        now = self.volume_facts()
        if now != self.before:
            raise Disproved(f"the volume was {self.before} and is {now}")


def _event(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
