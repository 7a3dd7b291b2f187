"""Run a command as systemd would confine it by a unit's text: capabilities, system calls, and where it may write.

systemd itself need not run. The mounts are this process's own, so it must be root: `python -m tests.protect.confined
UNIT READ-ONLY-FOLDER COMMAND…`.
"""

from __future__ import annotations

import ctypes
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
CLONE_NEWNS = 0x20000
SCMP_ACT_ALLOW, SCMP_ACT_EPERM = 0x7FFF0000, 0x00050001
CAPABILITIES = {"CAP_DAC_OVERRIDE": 1, "CAP_DAC_READ_SEARCH": 2}
LAST_CAPABILITY = Path("/proc/sys/kernel/cap_last_cap")

libc = ctypes.CDLL(None, use_errno=True)


def values(unit: str, name: str) -> list[str]:
    """Every value that a unit's text gives a directive."""
    return re.findall(rf"^{name}=(.*)$", unit, re.MULTILINE)


def checked(result: int) -> None:
    """Stop where the kernel said no."""
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def confine_writes(folder: Path, writable: list[Path]) -> None:
    """Mounts of this process's own in which ``folder`` is read-only but for what is ``writable``."""
    checked(libc.unshare(CLONE_NEWNS))
    mount("--make-rprivate", "/")
    mount("--bind", folder, folder)
    mount("-o", "remount,bind,ro", folder)
    for one in writable:
        mount("--bind", one, one)
        mount("-o", "remount,bind,rw", one)


def mount(*words: str | Path) -> None:
    """Run mount."""
    subprocess.run(["mount", *words], check=True)


def confine_capabilities(kept: list[str]) -> None:
    """What is dropped from the bounding set is root's no more after the next exec."""
    numbers = {CAPABILITIES[one] for one in kept}
    for one in range(int(LAST_CAPABILITY.read_text()) + 1):
        if one not in numbers:
            checked(libc.prctl(PR_CAPBSET_DROP, one, 0, 0, 0))
    checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def confine_calls(filters: list[str]) -> None:
    """Allow the calls of the first filter and not those of the second, which begins with "~"; others get EPERM."""
    allowed, refused = (set(calls(one.lstrip("~").split())) for one in filters)
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(SCMP_ACT_EPERM))
    for name in {*allowed, *calls(["@default"])} - refused:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            checked(seccomp.seccomp_rule_add(context, SCMP_ACT_ALLOW, number, 0))
    checked(seccomp.seccomp_load(context))


def calls(groups: list[str]) -> Iterator[str]:
    """The system calls of systemd's groups, such as @chown."""
    for group in groups:
        command = ["systemd-analyze", "--no-pager", "syscall-filter", group]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        for one in (line.strip() for line in lines[1:] if not line.strip().startswith("#")):
            if one.startswith("@"):
                yield from calls([one])
            elif one:
                yield one


def main(unit: str, folder: str, *command: str) -> None:
    """Confine this process and become the command."""
    text = Path(unit).read_text()
    (paths,), (kept,) = values(text, "ReadWritePaths"), values(text, "CapabilityBoundingSet")
    named = [Path(one.removeprefix("-")) for one in shlex.split(paths)]
    confine_writes(Path(folder), [one for one in named if one.exists()])
    confine_capabilities(kept.split())
    confine_calls(values(text, "SystemCallFilter"))
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
