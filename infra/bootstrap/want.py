"""What a host should be. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from zagent.doctor.environments import ENVIRONMENT as _ENVIRONMENT
from zagent.doctor.environments import PROFILE as _PROFILE
from zagent.schedule.host import LAUNCHER as _LAUNCHER
from zagent.schedule.units import mount_unit
from zagent.settings import AGENT_ENV as _AGENT_ENV
from zagent.settings import SERVICE_USER
from zagent.volume import trend
from zagent.volume.layout import Layout

ROOT = "/data"
"""Where the data volume is mounted."""

LAYOUT = Layout(Path(ROOT))
RUNTIMES = str(LAYOUT.own / "runtime")
"""The agent's Python environments, one for each set of dependencies: on the volume, so that they survive a reset."""

COMPILE_CACHES = str(LAYOUT.own / "compile-cache")
"""What services compile for a GPU, a folder for each user; people keep theirs in their own folders."""

AGENTS = "/opt/zagent"
"""The agent's own code and the rescue environment, a folder for each version: on the system disk, as root runs them."""

USERS = str(LAYOUT.users)

BACKUP_NAME = "stack"
"""What a host calls the backup destination that its stack names."""

AGENT_ENV, ENVIRONMENT, PROFILE = map(str, (_AGENT_ENV, _ENVIRONMENT, _PROFILE))
"""What pins every cache to the volume; the host's doctor compares them."""

LAUNCHER = str(_LAUNCHER)
FSTAB = "/etc/fstab"
UDEV_RULE = "/etc/udev/rules.d/90-zagent.rules"

MOUNT_UNIT = mount_unit(Path(ROOT))
RUNTIME_LIST = "/etc/zagent/runtime.json"
"""What must be on the volume of the agent's packages (see ``packing``)."""
RUNTIME_UNIT = "/etc/systemd/system/zagent-runtime.service"
RUNTIME_UNIT_ENABLED = f"/etc/systemd/system/{MOUNT_UNIT}.wants/zagent-runtime.service"
RUNTIME_STAMPS = "/run/zagent/runtime"
"""The folder with the stamp of the runtime that was found right since the volume was mounted."""


@dataclass(frozen=True)
class Want:
    """The wanted state; an empty string means: not said.

    ``serial`` is the data disk's (on EBS the volume id without its dash). ``project`` and ``stack`` stand in the
    marker. ``backup_target`` is as `zagent backup add` takes it. ``fresh_uuid`` is the filesystem's, should a new one
    be made.
    """

    serial: str
    ssh_user: str
    project: str = ""
    stack: str = ""
    modelscope_endpoint: str = ""
    python_index_url: str = ""
    pull: bool = True
    backup_target: str = ""
    fresh_uuid: str = field(default_factory=lambda: str(uuid4()))


def of_stack(volume_id: str, settings: Mapping[str, Any]) -> Want:
    """What a stack wants of its host; ``settings`` by their names, as a resource's properties have them, too."""
    return Want(
        serial=serial_of(volume_id),
        ssh_user=settings["ssh_user"],
        project=settings["project"],
        stack=settings["stack"],
        modelscope_endpoint=settings["modelscope_endpoint"],
        python_index_url=settings["python_index_url"],
        pull=settings["pull_on_up"],
        backup_target=settings.get("backup_target", ""),  # the state of a stack from before has none
    )


@dataclass(frozen=True)
class Folder:
    """A folder of the data volume, its mode and its owner's name."""

    path: Path
    mode: int
    owner: str


def folders(want: Want) -> list[Folder]:
    """What must be there, each below one before it: the store is the service user's and everyone reads it, a person's
    folder is theirs alone. Root's services write to that of the backups, so nothing else may have its name.
    """
    store = [LAYOUT.locks, LAYOUT.manifests, LAYOUT.verified, trend.folder(LAYOUT), LAYOUT.modelscope_cache]
    roots = [Path(ROOT), LAYOUT.own, LAYOUT.backups, Path(RUNTIMES), Path(COMPILE_CACHES)]
    home = LAYOUT.home(want.ssh_user)
    return [
        *(Folder(one, 0o755, "root") for one in roots),
        Folder(Path(COMPILE_CACHES, SERVICE_USER), 0o700, SERVICE_USER),
        *(Folder(one, 0o755, SERVICE_USER) for one in store),
        Folder(home.parent, 0o755, "root"),
        Folder(home, 0o700, want.ssh_user),
    ]


def paths(want: Want) -> list[str]:
    """What to look at on the host, as shell patterns."""
    files = [AGENT_ENV, PROFILE, LAUNCHER, FSTAB, UDEV_RULE, f"{AGENTS}/*", f"{RUNTIMES}/*"]
    files += [f"{one}/.old-*" for one in (AGENTS, RUNTIMES)]
    files += [RUNTIME_UNIT, RUNTIME_UNIT_ENABLED, f"{RUNTIME_STAMPS}/*"]
    return [*files, *(str(one.path) for one in folders(want))]


def serial_of(volume_id: str) -> str:
    """The serial number that an EBS volume shows on a host (AWS: "Amazon EBS and NVMe")."""
    return volume_id.replace("vol-", "vol", 1)
