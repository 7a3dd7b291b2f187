"""The folder in which one local cloud keeps everything it makes, and the record of the process that serves it."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from zagent import durable

from tests.localcloud.errors import LocalCloudError
from tests.localcloud.process import Process

REPOSITORY = Path(__file__).parent.parent.parent
DEFAULT = REPOSITORY / ".localcloud"
MARKER = ".zagent-local-cloud"


@dataclass(frozen=True)
class Record:
    """The daemon, as ``cloud.json`` keeps it: its process, its ports on 127.0.0.1, whether it has machines."""

    pid: int
    started: int
    api_port: int
    control_port: int
    hub_port: int
    hosts: bool

    @property
    def process(self) -> Process:
        """The daemon's process."""
        return Process(self.pid, self.started)

    @property
    def endpoint(self) -> str:
        """The URL of AWS's API."""
        return f"http://127.0.0.1:{self.api_port}"


@dataclass(frozen=True)
class State:
    """The paths in the folder."""

    folder: Path

    @property
    def bin(self) -> Path:
        """What comes first on PATH."""
        return self.folder / "bin"

    @property
    def pulumi_home(self) -> Path:
        """Pulumi's plug-ins and workspaces."""
        return self.folder / "pulumi"

    @property
    def backend(self) -> Path:
        """Pulumi's state of the stacks."""
        return self.folder / "stacks"

    @property
    def volumes(self) -> Path:
        """The disks of EBS volumes."""
        return self.folder / "volumes"

    @property
    def hosts(self) -> Path:
        """The virtual machines."""
        return self.folder / "hosts"

    @property
    def log(self) -> Path:
        """What the daemon prints."""
        return self.folder / "daemon.log"

    @property
    def record(self) -> Path:
        """Where the running daemon is recorded."""
        return self.folder / "cloud.json"

    @property
    def ours(self) -> bool:
        """Whether the folder carries the marker."""
        return (self.folder / MARKER).is_file()

    def create(self) -> None:
        """Make the folder and what lies in it; nothing changes where it is there.

        Raises:
            LocalCloudError: the folder holds something that is not a local cloud's.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.ours:
            # The marker goes only into an empty folder, so that all that is ever beside it is ours to remove.
            if any(self.folder.iterdir()):
                raise LocalCloudError(
                    f"{self.folder} holds something else: name an empty or a new folder with --state."
                )
            (self.folder / MARKER).touch()
        for one in (self.bin, self.pulumi_home, self.backend, self.volumes, self.hosts):
            one.mkdir(exist_ok=True)

    def running(self) -> Record | None:
        """The daemon, if one runs."""
        try:
            found = Record(**json.loads(self.record.read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return found if found.process.alive() else None

    def write(self, record: Record) -> None:
        """Record the daemon."""
        durable.write(self.record, json.dumps(asdict(record), indent=1).encode())

    # Safety contract: the folder is removed ONLY if
    #   1. it carries our marker, which goes only into an empty folder,
    #   2. it is a folder of its own, not a link to one, and
    #   3. no daemon runs from it.
    def remove(self) -> None:
        """Remove the folder: stacks, volumes, all.

        Raises:
            LocalCloudError: a clause of the contract does not hold; nothing was removed.
        """
        if self.folder.is_symlink() or not self.ours:
            raise LocalCloudError(
                f"{self.folder} is not a local cloud's folder, so it stays; remove it yourself if you mean it."
            )
        if self.running():
            raise LocalCloudError(
                f"The local cloud in {self.folder} runs: stop it first, with scripts/localcloud stop."
            )
        shutil.rmtree(self.folder)
