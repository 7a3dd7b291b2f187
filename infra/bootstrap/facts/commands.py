"""The command for each fact, beside the parser of what it prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from shlex import quote
from typing import Any, Generic, TypeVar

from infra.bootstrap.checking import UNIT
from infra.bootstrap.facts import parsers
from infra.bootstrap.facts.parsers import SEPARATOR
from infra.bootstrap.files import script
from infra.bootstrap.want import AGENTS, LAUNCHER, MOUNT_UNIT, RUNTIME_LIST, RUNTIMES

T = TypeVar("T")


PATIENCE = 60
"""Seconds for most commands: a host that needs longer to tell of its disks and users is not well."""


@dataclass(frozen=True)
class Fact(Generic[T]):
    """A command for the host's shell, what its exit code and output mean, and the seconds that it may take.

    Several facts may have one command, which is run once.
    """

    command: str
    parse: Callable[[int, str], T]
    patience: int = PATIENCE


DEVICE = "lsblk -dnro PATH,SERIAL | awk -v serial=\"$SERIAL\" '$2 == serial { print $1 }'"
"""The data disk by its serial number, and by nothing else: device names change from boot to boot."""

UUIDS = """
lsblk -e 1,2,11 -nro PATH | sort -u | while read -r path; do
    echo "$path $(blkid -p -o value -s UUID "$path" 2>/dev/null)"
done
"""
"""Read from the devices themselves, as udev may not know yet what is on one that has just come; memory, floppies and
CDs (majors 1, 2, 11) are none of interest, and a floppy drive takes its time."""

READ = "dd iflag=nofollow,nonblock status=none bs=64k count=16 if="
"""A file of the volume, which anybody may have written: no link is followed, no pipe waited for; a megabyte at most."""

_LOOK = f"""
look() {{ ls -A "$1" >/dev/null 2>&1 || return 1
          find "$1" -mindepth 1 -maxdepth 2 -printf '%P\\n' | head -n 50; echo '{SEPARATOR}'
          [ -L "$1/.zagent" ] || {READ}"$1/.zagent/volume.json"; true; }}
if mountpoint -q "$ROOT"; then look "$ROOT"; exit; fi
[ -n "$DEVICE" ] || exit 1
folder=$(mktemp -d) || exit 1
mount -t xfs -o ro,norecovery,nouuid,nosuid,nodev,noexec "$DEVICE" "$folder" 2>/dev/null && {{
    look "$folder"; umount "$folder"; }}
rmdir "$folder"
"""
LOOK = f"exec unshare --mount --propagation private sh -c {quote(_LOOK)}"
"""An unmounted volume is looked at so that not even its journal is replayed, and where only these commands see the
mount: the list of disks is made meanwhile. One that can't be read, as XFS has shut it down, must not pass for empty."""

BARE = """
unshare --mount --propagation private sh -c '
    mount --bind "$(dirname "$ROOT")" /mnt && cd /mnt || exit 1
    name=$(basename "$ROOT"); [ -e "$name" ] || [ -L "$name" ] || exit 1
    stat -c %F "$name"
    attributes=$(lsattr -d "$name" 2>/dev/null); echo "${attributes%% *}"
    find "./$name" -mindepth 1 -maxdepth 1 -printf "%P\\n" | head -n 20'
"""
"""The mount point below what is mounted there: a second view of its parent, which only these commands have."""

STAT = f"""
find $PATHS -maxdepth 0 -printf '%m\\t%U\\t%p\\0'
printf '%s\\0' '{SEPARATOR}'
find $PATHS -maxdepth 0 -type f -exec sha256sum -z {{}} +
"""
"""All of them at once, as a command for each takes ten times as long; no link is followed, no pipe waited for."""

HOMES = """
mountpoint -q "$ROOT" && [ ! -L "$ROOT/users" ] && cd "$ROOT/users" &&
find . -mindepth 1 -maxdepth 1 -type d -printf '%U\\t%G\\t%f\\n'
"""

PICK_PYTHON = "python=/opt/pytorch/bin/python3; [ -x $python ] || python=python3"
"""The interpreter of the image's PyTorch, where it has one of its own, else the system's."""

ANSWERS = f"""
{PICK_PYTHON}; exec $python -I -c {quote(script("answers"))} "$AGENT" "$ROOT"
"""
"""Three facts of one Python, as it takes longer to start than to tell them."""

IMAGE_PACKAGES = "/opt/pytorch/lib/python{minor}/site-packages"
"""Where AWS's PyTorch images keep PyTorch and what they bring with it."""

CHECK = f"""
[ -e {RUNTIME_LIST} ] || exit 0
{PICK_PYTHON}; exec $python -I -c {quote(script("check"))} {RUNTIME_LIST} "$ROOT"
"""
"""Always the check of this version, whichever one a boot has run."""

READ_PATIENCE = 60 * parsers.READ_WITHIN
"""Seconds for the check. It reads every byte of the packages, 5 GB where the image has no PyTorch, and on a volume just
made of a snapshot each block is fetched from S3 when it is first read (AWS, "Initialize Amazon EBS volumes"): some MB
in a second."""

USED = f"""
{PICK_PYTHON}; exec $python -I -c {quote(script("outdated"))} {
    quote(json.dumps({"launcher": LAUNCHER, "folders": [AGENTS, RUNTIMES]}))
}
"""

UNREAD = f"systemctl show --property=Id,FragmentPath,NeedDaemonReload -- {MOUNT_UNIT} {UNIT}"
"""Whether systemd has read the files of our units as they are; it also looks at the fstab that one was made from."""

TOOLS = "command -v mkfs.xfs && command -v xfs_growfs && command -v xfs_freeze"
"""All of them come in one package."""

GPUS = "nvidia-smi --query-gpu=driver_version,compute_cap,name --format=csv,noheader"

FACTS: dict[str, Fact[Any]] = {
    "disks": Fact("lsblk -J -b -o PATH,SERIAL,SIZE,TYPE,MOUNTPOINTS", parsers.disks),
    "filesystem": Fact('blkid -p -o export "$DEVICE"', parsers.filesystem),
    "uuids": Fact(UUIDS, parsers.uuids),
    "superblock": Fact('od -An -v -tx1 -N 512 "$DEVICE"', parsers.sector),
    "mount": Fact('findmnt -J -o SOURCE,FSTYPE,UUID --mountpoint "$ROOT"', parsers.mount),
    "content": Fact(LOOK, parsers.content),
    "fstab": Fact("cat /etc/fstab", parsers.text),
    "placed": Fact(STAT, parsers.placed),
    "accounts": Fact("getent passwd", parsers.accounts),
    "groups": Fact("getent group", parsers.groups),
    "homes": Fact(HOMES, parsers.homes),
    "environment": Fact("cat /etc/environment", parsers.text),
    "users": Fact(f'{READ}"$ROOT/.zagent/users.json"', parsers.text),
    "destinations": Fact(f'{READ}"$ROOT/.zagent/backups/destinations.json"', parsers.text),
    "python": Fact(ANSWERS, parsers.python),
    "image": Fact(f"ls -d {IMAGE_PACKAGES.format(minor='3.*')}/*.dist-info", parsers.image),
    "weights": Fact(ANSWERS, parsers.weights),
    "schedule": Fact(ANSWERS, parsers.schedule),
    "checked": Fact(CHECK, parsers.checked, patience=READ_PATIENCE),
    "used": Fact(USED, parsers.used),
    "gpus": Fact(GPUS, parsers.gpus),
    "covered": Fact('xfs_info "$ROOT"', parsers.covered),
    "tools": Fact(TOOLS, parsers.succeeded),
    "mkfs": Fact("mkfs.xfs -V", parsers.mkfs),
    "bare": Fact(BARE, parsers.bare),
    "unread": Fact(UNREAD, parsers.unread),
}
