"""Run the pull as a unit of systemd's own, or follow the one that runs; print its lines as they come.

The unit lives on when this process or its connection ends, and begins the first backup itself. Exit code: the unit's
own.
Arguments: the data root, the command.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

UNIT = "zagent-pull.service"
ENVIRONMENT = "/etc/zagent/agent.env"
USER = "zagent"
BACKUP = "zagent-backup.service"
"""Root's, as the service user must not be able to write copies; it does nothing where no destination is set up."""

DESTINATIONS = ".zagent/backups/destinations.json"
PAUSE = 0.5
"""Seconds between two looks at the unit."""


def shown(name: str) -> str:
    """A property of the unit."""
    asked = ["systemctl", "show", "--value", f"--property={name}", UNIT]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def start(root: str, command: list[str]) -> None:
    """Begin it; it stays known until it is begun anew, so that how it ended can be asked."""
    subprocess.run(["systemctl", "stop", UNIT], capture_output=True, check=False)
    subprocess.run(["systemctl", "reset-failed", UNIT], capture_output=True, check=False)
    own = [f"--unit={UNIT}", f"--uid={USER}", f"--gid={USER}", f"--property=EnvironmentFile={ENVIRONMENT}"]
    stays = ["--property=Type=oneshot", f"--property=RequiresMountsFor={root}", "--remain-after-exit", "--no-block"]
    then = f"--property=ExecStartPost=-+{shutil.which('systemctl')} start --no-block {BACKUP}"
    subprocess.run(["systemd-run", "--quiet", *own, *stays, then, *command], check=True)


def ended() -> bool:
    """Whether the command has; a oneshot unit that remains is "active" from then on."""
    return shown("ActiveState") != "activating"


def main(root: str, *command: str) -> int:
    """Start or join, follow, tell."""
    if shown("ActiveState") == "activating":
        print("a pull is under way on the host; following it", flush=True)
    else:
        start(root, list(command))
    following = ["journalctl", "--follow", "--output=cat", "--lines=all", f"_SYSTEMD_INVOCATION_ID={invocation()}"]
    with subprocess.Popen(following) as lines:
        while not ended() and lines.poll() is None:  # it ends before only where nobody listens any more
            time.sleep(PAUSE)
        subprocess.run(["journalctl", "--sync"], check=False)
        time.sleep(PAUSE)  # for what it says last to get here
        lines.terminate()
    if not (code := outcome()) and Path(root, DESTINATIONS).exists():
        print(f"the first backup begins, as {BACKUP}", flush=True)
    return code


def outcome() -> int:
    """The command's exit code; where it never ran, or was killed, any but 0."""
    return 0 if shown("Result") == "success" else int(shown("ExecMainStatus") or 0) or 1


def invocation() -> str:
    """What tells this run of the unit from earlier ones."""
    return shown("InvocationID")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
