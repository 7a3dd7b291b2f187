"""The disk image that every host boots from: Debian with what EC2's images have, and PyTorch as on AWS's own.

``recipe/`` holds what is in it: the packages, the files laid over them, and a script for the rest.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.localcloud import cache
from tests.localcloud.errors import LocalCloudError, Missing
from tests.localcloud.hosts import requirements

RECIPE = Path(__file__).parent / "recipe"
LOCK = Path(__file__).parents[3] / "requirements.lock"
RELEASE = "bookworm"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
LABEL = "cloudimg-rootfs"
"""The root filesystem's, as on EC2's Ubuntu images; the kernel finds it by this, whatever the disks' order."""
SIZE = "8G"
"""The root disk's, sparse; Debian and PyTorch fill half of it."""

PACKAGES = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "mmdebstrap": "mmdebstrap",
    "genisoimage": "genisoimage",
    "mkfs.ext4": "e2fsprogs",
    "socat": "socat",
}
"""Tools, and the Debian or Ubuntu packages that have them."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Image:
    """The folder that holds it; nothing in it ever changes."""

    folder: Path

    @property
    def root(self) -> Path:
        """The root disk, raw: only ever the read-only base of a host's own."""
        return self.folder / "root.raw"

    @property
    def kernel(self) -> Path:
        """The kernel, as QEMU loads it."""
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        """The first filesystem, which finds the root disk."""
        return self.folder / "initrd.img"


def missing() -> list[Missing]:
    """Why there can be no machines here; empty if there can."""
    tools = [
        Missing(tool, "not installed", f"apt-get install {package}")
        for tool, package in PACKAGES.items()
        if not shutil.which(tool)
    ]
    if not KEYRING.exists():
        tools.append(Missing("the keys of Debian's archive", "not installed", "apt-get install debian-archive-keyring"))
    if os.geteuid() != 0:
        tools.append(Missing("root", "the image's files are root's, and SSH answers on port 22", "run it with sudo"))
    if platform.machine() != "x86_64":
        tools.append(Missing("x86_64", f"this is {platform.machine()}", "use a machine of that kind"))
    return tools


def find() -> Image | None:
    """The image, if it was made before."""
    folder = cache.find("image", key())
    return Image(folder) if folder else None


def obtain(progress: Progress) -> Image:
    """The image, made if need be; ``progress`` gets a line before each long step.

    Raises:
        LocalCloudError: a tool failed, with what it said.
    """
    return find() or Image(cache.made("image", key(), partial(_make, progress)))


def key() -> str:
    """All that decides what is in the image, but for the state of Debian's archive: a stable release hardly moves."""
    files = sorted(path for path in RECIPE.rglob("*") if path.is_file())
    recipe = [part for path in files for part in (str(path.relative_to(RECIPE)), path.read_bytes())]
    return cache.key_of(RELEASE, LABEL, SIZE, requirements.lines(LOCK), *recipe)


def _make(progress: Progress, folder: Path) -> None:
    rootfs = folder / "rootfs"
    progress("VM image: Debian and PyTorch, some 2 minutes, once")
    _bootstrap(folder, rootfs)
    progress("VM image: its filesystem, most of a minute")
    for name, kernel_file in (("vmlinuz", "vmlinuz-*"), ("initrd.img", "initrd.img-*")):
        shutil.copyfile(next((rootfs / "boot").glob(kernel_file)), folder / name)
    _run("mkfs.ext4", "-q", "-L", LABEL, "-d", rootfs, folder / "root.raw", SIZE)
    shutil.rmtree(rootfs)


def _bootstrap(folder: Path, rootfs: Path) -> None:
    """Install Debian, then run recipe/customize on it."""
    pinned = folder / "requirements.txt"
    pinned.write_text(requirements.lines(LOCK))
    # Hidden in a mount namespace, what it mounts (/proc, /dev) is gone with it, also when it is killed: nothing of
    # this machine is ever below a folder that is removed.
    isolated = ("unshare", "--mount", "--propagation", "private")
    without = (f"--dpkgopt=path-exclude=/usr/share/{what}/*" for what in ("doc", "locale", "man"))
    _run(
        *(*isolated, "mmdebstrap", "--mode=root", "--variant=minbase", "--dpkgopt=force-unsafe-io", *without),
        *(f"--include={_packages()}", f"--customize-hook={RECIPE / 'customize'}", RELEASE, str(rootfs), *_mirror()),
        UV=str(Path(sys.executable).parent / "uv"),
        PYTHON=sys.executable,
        REQUIREMENTS=str(pinned),
    )


def _packages() -> str:
    lines = (RECIPE / "packages.txt").read_text().splitlines()
    return ",".join(line.split()[0] for line in lines if line and not line.startswith("#"))


def _mirror() -> list[str]:
    """The mirror that this machine's own apt uses; none where it is not Debian, and mmdebstrap knows the usual one."""
    asked = ("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages")
    return _run(*asked, "Origin: Debian", "Label: Debian").split()[:1]


def _run(*command: str | Path, **environment: str) -> str:
    """Run a tool; what it prints."""
    # PYTHONDONTWRITEBYTECODE and its like are about this process, and would decide what is in the image.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    ran = subprocess.run(command, capture_output=True, text=True, env=inherited | environment)
    if ran.returncode:
        raise LocalCloudError(
            f"Making the VM image failed: {command[0]} ended with {ran.returncode}.\n{ran.stderr[-2000:]}"
        )
    return ran.stdout
