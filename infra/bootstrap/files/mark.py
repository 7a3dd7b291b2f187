"""Make /data a data root with the agent's own code, which needs no more than Python for it.

Arguments: the folder with the package zagent, the data root, the project and the stack (either may be empty).
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(agent: str, root: str, project: str, stack: str) -> int:
    """Write the marker, or add this disk to its lineage; the exit code is the agent's."""
    sys.path.insert(0, agent)
    from zagent.errors import ZagentError
    from zagent.volume.adopt import adopt
    from zagent.volume.suitable import Ask

    try:
        adopt(Path(root), Ask(project=project or None, stack=stack or None))
    except ZagentError as error:
        print(f"{error.message}; {error.advice}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
