"""Is this a machine on which the timers can do their work?"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

from zagent import settings
from zagent.errors import ScheduleRefused
from zagent.schedule.systemctl import BY_CRON, require_systemd

LAUNCHER = Path("/usr/local/bin/zagent")
"""What the services run; the bootstrap puts it there."""


def require(root: Path, launcher: Path = LAUNCHER, agent_env: Path = settings.AGENT_ENV) -> None:
    """Make sure that what the units name is there, and that the services' data root is ``root``.

    Raises:
        ScheduleRefused: with everything that is missing; without a systemd nothing else counts.
    """
    require_systemd()
    if reasons := list(_missing(root, launcher, agent_env)):
        hint = f"zagent cloud converge   on the operator's machine makes a host ready; on one of your own: {BY_CRON}"
        raise ScheduleRefused(why="; ".join(reasons), hint=hint)


def _missing(root: Path, launcher: Path, agent_env: Path) -> Iterator[str]:
    if not os.path.ismount(root):
        yield f"no volume is mounted at {root}"
    if not os.access(launcher, os.X_OK):
        yield f"there is no {launcher}"
    if not _is_user(settings.SERVICE_USER):
        yield f"there is no user {settings.SERVICE_USER}"
    if not agent_env.exists():
        yield f"there is no {agent_env}"
    elif (theirs := settings.of_services(agent_env).data_root) != root:
        yield f"the services' data root is {theirs} ({agent_env}), not {root}"


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
