"""The files that bring the mount back after a boot, and when the disk turns up later. Pure."""

from __future__ import annotations

from infra.bootstrap.want import MOUNT_UNIT, ROOT

COMMENT = "# The data volume; this line and the next are zagent's."
DEVICE_PATIENCE = "30s"
"""How long a boot waits for the disk; it goes on without (nofail), or SSH would be lost with it."""


def fstab_line(fs_type: str, uuid: str) -> str:
    """Mount by uuid; nothing on the volume is ever a device or gains its owner's rights; systemd.mount(5)."""
    options = f"noatime,nosuid,nodev,nofail,x-systemd.device-timeout={DEVICE_PATIENCE}"
    return f"UUID={uuid} {ROOT} {fs_type} {options} 0 0"


def fstab(current: str, line: str) -> str:
    """The file with our line in it and every other line as it was."""
    if f"{COMMENT}\n{line}\n" in current:
        return current
    return "\n".join([*strangers(current), COMMENT, line, ""])


def strangers(current: str) -> list[str]:
    """The lines of the file that are not ours."""
    lines = current.splitlines()
    ours = {at + below for at, line in enumerate(lines) if line == COMMENT for below in (0, 1)}
    return [line for at, line in enumerate(lines) if at not in ours]


def rivals(current: str, root: str) -> list[str]:
    """The lines that are not ours and mount something at ``root``."""
    found = [(line, line.split()) for line in strangers(current)]
    return [line for line, words in found if len(words) > 1 and words[0][0] != "#" and words[1].rstrip("/") == root]


def udev_rule(serial: str) -> str:
    """Mount the volume also when it is attached after the boot: systemd alone lets a nofail mount be then."""
    return (
        "# zagent's: the data volume is mounted whenever it turns up.\n"
        f'ACTION!="remove", SUBSYSTEM=="block", ENV{{DEVTYPE}}=="disk", ENV{{ID_SERIAL_SHORT}}=="{serial}", '
        f'TAG+="systemd", ENV{{SYSTEMD_WANTS}}+="{MOUNT_UNIT}"\n'
    )
