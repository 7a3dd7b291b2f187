"""Let the data volume go: end what uses it, write everything out, unmount, prove that nobody holds its disk.

Whoever uses it is told by the number of its device, not by paths: a container sees other paths, or has it mounted where
nobody else sees it. Arguments: the mount point, and the seconds that all of it may take.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

GRACE = 10.0
"""Seconds between asking a process to end and ending it."""

SERVICES = "zagent-*.service"
"""The agent's own, which end in good order. Their timers stay: a release that is given up would leave them dead."""

PAUSE = 0.2


class Deadline:
    """When all of it has to be over; begun when it is made."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self, at_most: float) -> float:
        """Seconds that are left for one part of it, never none."""
        return max(1.0, min(at_most, self._end - time.monotonic()))

    @property
    def over(self) -> bool:
        """Whether it has passed."""
        return time.monotonic() > self._end


def mounts(table: Path) -> Iterator[tuple[int, str]]:
    """The device number and the mount point of each mount in a process's mountinfo; none where it has ended."""
    try:
        lines = table.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        _, _, device, _, point, *_ = line.split(" ")
        major, minor = map(int, device.split(":"))
        yield os.makedev(major, minor), point.replace("\\040", " ")


def mounted(root: str) -> int | None:
    """The number of the device that is mounted at ``root``."""
    return next((device for device, point in reversed([*mounts(Path("/proc/self/mountinfo"))]) if point == root), None)


def processes() -> Iterator[Path]:
    """All but this one and those it was started by, which wait for it."""
    own, one = set(), os.getpid()
    while one:
        own.add(str(one))
        one = int(Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()[1])
    yield from (each for each in Path("/proc").glob("[0-9]*") if each.name not in own)


def uses(process: Path, device: int) -> bool:
    """Whether one has a file, folder, program or mapped library of it open."""
    return any(_device(each) == device for each in _links(process))


def _links(process: Path) -> Iterator[Path]:
    yield from (process / name for name in ("cwd", "root", "exe"))
    for folder in ("fd", "map_files"):
        try:
            yield from (process / folder).iterdir()
        except OSError:  # it has ended, or is a kernel thread
            continue


def _device(link: Path) -> int | None:
    try:
        return link.stat().st_dev
    except OSError:
        return None


def sees(process: Path, device: int) -> bool:
    """Whether it is mounted in its mount namespace."""
    return any(each == device for each, _ in mounts(process / "mountinfo"))


def end_all(matches: Callable[[Path], bool], deadline: Deadline) -> None:
    """Ask those processes to end; end those that do not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        grace = Deadline(deadline.left(GRACE))
        found = [each for each in processes() if matches(each)]
        for process in found:
            try:
                os.kill(int(process.name), number)
            except ProcessLookupError:
                continue
        while found and not grace.over:
            time.sleep(PAUSE)
            found = [each for each in processes() if matches(each)]
        if not found:
            return


def stop_services(root: str, deadline: Deadline) -> None:
    """Stop the agent's services, where systemd runs; what is slow to stop is ended with the others."""
    tried(["systemctl", "stop", SERVICES], deadline.left(2 * GRACE))
    # The watchdog of a snapshot was one of them, and nothing ends, syncs or unmounts where writes stand still.
    tried(["fsfreeze", "--unfreeze", root], deadline.left(GRACE))


def tried(words: list[str], seconds: float) -> None:
    """Run a command that need not succeed."""
    try:
        subprocess.run(words, capture_output=True, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return


def unmount(root: str, deadline: Deadline) -> str:
    """Unmount it wherever it is mounted in this namespace, and what is mounted in it; umount's words if it can't be."""
    words = ["umount", "--all-targets", "--recursive", root]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=deadline.left(600), check=False)
    except subprocess.TimeoutExpired:
        return "umount does not end"
    return done.stderr.strip()


def held(device: int) -> str:
    """Why the disk is not free: where it is mounted, anywhere, nobody else may open it exclusively (open(2))."""
    node = disk(device)
    if node is None:  # a filesystem in memory
        return ""
    try:
        os.close(os.open(node, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC))
    except OSError as error:
        return f"{node}: {error.strerror}, {', '.join(_names(device)) or 'the kernel itself uses it'}"
    return ""


def disk(device: int) -> str | None:
    """The name of a block device by its number, as the kernel calls it."""
    try:
        told = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/uevent").read_text().splitlines()
    except FileNotFoundError:
        return None
    return next(f"/dev/{line.partition('=')[2]}" for line in told if line.startswith("DEVNAME="))


def _names(device: int) -> Iterator[str]:
    for process in processes():
        if uses(process, device) or sees(process, device):
            try:
                yield f"{(process / 'comm').read_text().strip()} ({process.name})"
            except OSError:
                continue


def let_go(root: str, device: int, deadline: Deadline) -> str:
    """Do it; why it can't be done, or nothing."""
    stop_services(root, deadline)
    end_all(lambda process: uses(process, device), deadline)
    os.sync()
    why = unmount(root, deadline)
    if mounted(root) is not None:
        return f"{why or 'it is still mounted'} {', '.join(_names(device))}".rstrip()
    # What lives in a mount namespace of its own saw the unmount, unless that is cut off from this one: a container's.
    end_all(lambda process: uses(process, device) or sees(process, device), deadline)
    while (why := held(device)) and not deadline.over:
        time.sleep(PAUSE)
    return why


def main(root: str, seconds: str = "500") -> int:
    """Let go; whatever stands in the way is told."""
    os.chdir("/")
    device = mounted(root)
    if device is None:
        return 0
    why = let_go(root, device, Deadline(float(seconds)))
    if why:
        print(f"{root} is still in use: {why}", file=sys.stderr)
    return 1 if why else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
