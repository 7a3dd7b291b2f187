"""The programs that the road through the cloud calls: pulumi, zagent, ssh, and AWS's API."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from tests.demo.road import Road

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

STACK = "drill"


@dataclass(kw_only=True)
class CloudCommands(Road):
    """``project`` is the folder with Pulumi.yaml, ``keys`` one of our own for the login key."""

    project: Path
    keys: Path

    def pulumi(self, *words: str, show: bool = False) -> str:
        """Run the engine in the project, on the drill's stack."""
        chosen = () if words[:2] == ("stack", "init") else ("--stack", STACK)
        command = ("pulumi", *words, *chosen, "--non-interactive", "-C", str(self.project))
        return self.run(*command, show=show, told=shlex.join(["pulumi", *words]))

    def zagent(self, *words: str, show: bool = False) -> str:
        """Run the operator's zagent."""
        return self.run(sys.executable, "-m", "zagent", *words, show=show, told=shlex.join(["zagent", *words]))

    def forget(self) -> None:
        """Remove the stack's file, which is all that the road leaves in the project's folder."""
        (self.project / f"Pulumi.{STACK}.yaml").unlink(missing_ok=True)

    def on_host(self, command: str) -> str:
        """Run a command on the host as a person would, over ssh."""
        options, login = self.ssh()
        return self.run("ssh", *options, login, command, told=f'ssh {login} "{command}"')

    def fetch(self, path: str, to: Path) -> None:
        """Copy a file from the host."""
        options, login = self.ssh()
        source = f"{login}:{path}"
        self.run("scp", "-q", *options, source, str(to), told=f"scp {source} {to}")

    def output(self, name: str) -> str:
        """An output of the stack."""
        return self.outputs()[name]

    def outputs(self) -> Mapping[str, str]:
        """The stack's outputs."""
        words = ["pulumi", "stack", "output", "--json", "--stack", STACK, "-C", str(self.project)]
        done = subprocess.run(words, env=self.environment, check=True, capture_output=True, text=True)
        found: dict[str, str] = json.loads(done.stdout)
        return found

    @property
    def key(self) -> Path:
        """The private key that logs in."""
        return self.keys / "id_ed25519"

    def ssh(self) -> tuple[list[str], str]:
        """The options of ssh, and the host as it wants it; only the host key that Pulumi made is accepted."""
        outputs, known = self.outputs(), self.keys / "known_hosts"
        known.write_text(f"{outputs['host']} {outputs['host_key']}\n")
        fixed = ("IdentitiesOnly=yes", f"UserKnownHostsFile={known}", "StrictHostKeyChecking=yes", "BatchMode=yes")
        options = ["-F", "none", "-i", str(self.key), *(word for one in fixed for word in ("-o", one))]
        return options, f"{outputs['ssh_user']}@{outputs['host']}"

    def ec2(self) -> EC2Client:
        """AWS's EC2 API."""
        session = boto3.Session(
            self.environment["AWS_ACCESS_KEY_ID"],
            self.environment["AWS_SECRET_ACCESS_KEY"],
            region_name=self.environment["AWS_REGION"],
        )
        return session.client("ec2", endpoint_url=self.environment["AWS_ENDPOINT_URL"])
