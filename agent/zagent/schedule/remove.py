"""Taking the units out of systemd again."""

from __future__ import annotations

from pathlib import Path

from zagent import durable
from zagent.schedule import install, units
from zagent.schedule.systemctl import Run, systemctl


def remove(folder: Path, run: Run = systemctl) -> list[str]:
    """Stop the timers and delete the units in ``folder`` that are ours; returns what was done, a line each.

    Safety contract: only files with the names of our units whose first line says that they are zagent's.

    Raises:
        ScheduleRefused, SystemdRefused, ToolMissing: systemd does not answer, or none runs here.
        OSError: a file can't be deleted.
    """
    ours = [name for name, text in install.texts(folder).items() if units.is_ours(text)]
    if not ours:
        return []
    timers = [name for name in ours if name in units.TIMERS]
    if timers:
        run(["disable", "--now", "--no-reload", *timers])
    for name in ours:
        (folder / name).unlink(missing_ok=True)
    durable.sync_folder(folder)
    install.RELOAD.take(run)
    done = [f"stop and disable {' and '.join(timers)}"] if timers else []
    return [*done, *(f"delete {folder / name}" for name in ours), str(install.RELOAD)]
