"""Install the agent's timers with the agent's own code, which needs no more than Python for it; print what was done.

Arguments: the folder with the package zagent, the data root, and "--dry-run" where nothing is to be done.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(agent: str, root: str, *only_look: str) -> int:
    """Install what differs; the exit code is the agent's."""
    sys.path.insert(0, agent)
    from zagent.errors import ZagentError
    from zagent.schedule.install import FOLDER, install

    try:
        lines = install(FOLDER, Path(root), dry_run=bool(only_look))
    except ZagentError as error:
        print(f"{error.message}; {error.advice}", file=sys.stderr)
        return error.exit_code
    print("".join(f"{line}\n" for line in lines), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
