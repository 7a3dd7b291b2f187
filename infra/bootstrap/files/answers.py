"""Which Python runs this, and whether the agent's code finds the weights and the timers as they should be; as JSON.

Arguments: the folder with the package zagent, which may not be there yet, and the data root.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path


def weights(root: Path) -> bool:
    """Whether the model is whole."""
    from zagent.settings import load
    from zagent.weights.model import Model
    from zagent.weights.store import Store

    Store(load(root, {}, agent_env=Path("/nowhere"))).present(Model())
    return True


def schedule(root: Path) -> bool:
    """Whether nothing is left to do about the timers."""
    from zagent.schedule.install import FOLDER, install

    return not install(FOLDER, root, dry_run=True)


def holds(question: Callable[[Path], bool], root: str) -> bool:
    """No is the answer, too, where the agent's code can't be had or refuses: the step that follows will say why."""
    try:
        return question(Path(root))
    except Exception:
        return False


def main(agent: str, root: str) -> None:
    """Answer."""
    python = {"executable": os.path.realpath(sys.executable), "version": sys.version_info[:3]}
    system = {"machine": os.uname().machine, "glibc": os.confstr("CS_GNU_LIBC_VERSION")}
    sys.path.insert(0, agent)
    print(json.dumps({**python, **system, "weights": holds(weights, root), "schedule": holds(schedule, root)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
