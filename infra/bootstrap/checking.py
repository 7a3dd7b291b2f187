"""Root's word that the packages on the volume are the ones it put there: a list, and a check after every mount. Pure.

People run code from the volume, and the volume may come from anywhere. So what must be there is written down on the
system disk, and compared once for every mount: only then does the stamp exist without which the command ``zagent``
leaves the volume's packages alone. On this host nobody but root can change them from then on.
"""

from __future__ import annotations

from pathlib import Path

from infra.bootstrap.facts.parsers import READ_WITHIN
from infra.bootstrap.want import AGENTS, MOUNT_UNIT, ROOT, RUNTIME_LIST, RUNTIME_STAMPS, RUNTIME_UNIT

SCRIPT = f"{AGENTS}/check.py"
"""What runs after every mount, on the system disk."""

UNIT = Path(RUNTIME_UNIT).name

PATIENCE = 60 * READ_WITHIN
"""Seconds for the check: as long as a converge waits for it."""


_TEMPLATE = f"""\
# zagent's; `zagent cloud converge` puts it right again.
[Unit]
Description=zagent: the packages on the data volume are those on the list
BindsTo={MOUNT_UNIT}
After={MOUNT_UNIT}
AssertPathIsMountPoint={ROOT}

[Service]
Type=oneshot
# While it is active the stamp stays; when the volume goes, the unit ends with it, and systemd removes the stamp.
RemainAfterExit=yes
RuntimeDirectory={RUNTIME_STAMPS.removeprefix("/run/")}
RuntimeDirectoryMode=0755
ExecStart={{python}} -I {SCRIPT} {RUNTIME_LIST} {ROOT} {RUNTIME_STAMPS}
TimeoutStartSec={PATIENCE}
UMask=0022
NoExecPaths={ROOT}
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateNetwork=yes
DevicePolicy=closed
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
ProcSubset=pid
NoNewPrivileges=yes
CapabilityBoundingSet=
RestrictAddressFamilies=none
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy={MOUNT_UNIT}
"""


def unit(python: str) -> str:
    """The service; it sees the network, devices and homes of nobody, and can run nothing from the volume."""
    return _TEMPLATE.format(python=python)
