"""Have systemd run a unit, and print its lines as they come; the unit lives on when this process or its line ends.

"pull", the data root and the command: run the pull as a unit of its own, or follow the one that runs; it begins the
first backup itself. Exit code: the command's.
"start" and a unit: start one of those that are there. Exit code: systemctl's, once the unit has ended
(systemd.service(5), Type=oneshot).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
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


def begin(root: str, command: list[str]) -> None:
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


def followed(which: list[str], until: Callable[[subprocess.Popen[bytes]], int]) -> int:
    """Print what comes to the journal for as long as ``until`` waits; it gets the process that prints. Its answer."""
    with subprocess.Popen(["journalctl", "--follow", "--output=cat", *which]) as lines:
        code = until(lines)
        subprocess.run(["journalctl", "--sync"], check=False)
        time.sleep(PAUSE)  # for what it says last to get here
        lines.terminate()
    return code


def start(unit: str) -> int:
    """Start a unit, and wait for its end."""
    words = ["systemctl", "start", unit]
    return followed(["--lines=0", f"--unit={unit}"], lambda _: subprocess.run(words, check=False).returncode)


def pull(root: str, *command: str) -> int:
    """Start or join the pull, follow it, tell how it ended."""
    if shown("ActiveState") == "activating":
        print("a pull is under way on the host; following it", flush=True)
    else:
        begin(root, list(command))
    code = followed(["--lines=all", f"_SYSTEMD_INVOCATION_ID={shown('InvocationID')}"], pulled)
    if not code and Path(root, DESTINATIONS).exists():
        print(f"the first backup begins, as {BACKUP}", flush=True)
    return code


def pulled(lines: subprocess.Popen[bytes]) -> int:
    """Wait for the pull's end; its exit code, and any but 0 where it never ran, or was killed."""
    while not ended() and lines.poll() is None:  # it ends before only where nobody listens any more
        time.sleep(PAUSE)
    return 0 if shown("Result") == "success" else int(shown("ExecMainStatus") or 0) or 1


def main(verb: str, *words: str) -> int:
    """Run it."""
    return start(*words) if verb == "start" else pull(*words)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
