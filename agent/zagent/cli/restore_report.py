"""The words of ``zagent restore``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zagent import text
from zagent.cli.output import Output
from zagent.errors import NothingToRestore
from zagent.protect import restore as restoring
from zagent.protect import sources
from zagent.protect.engine import Engine
from zagent.protect.restic import people as folders
from zagent.protect.restic.engine import ResticEngine
from zagent.protect.restore import Goal, Job
from zagent.volume.guard import guard, identify
from zagent.volume.layout import Layout
from zagent.weights.model import Model
from zagent.weights.store import Store


@dataclass(frozen=True)
class Copy:
    """The copy that a person named: a name, path or address, a state of it, and what opens it. Empty is the best."""

    source: str | None = None
    snapshot: str = ""
    password_file: Path | None = None

    def engines(self, layout: Layout) -> list[Engine]:
        """Where to look, in order."""
        if self.source:
            return [sources.named(layout, self.source, self.password_file, self.snapshot)]
        return sources.known(layout, self.snapshot)


def weights(output: Output, store: Store, copy: Copy, model: Model | None, to: Path | None, *, dry_run: bool) -> None:
    """Bring weights back, or say what that would be."""
    layout, goal = store.settings.layout, Goal(store, to)
    if not to:
        identify(layout.root)
    found = copy.engines(layout)
    for one in [model] if model else restoring.models(store, found):
        with output.transfer(f"restoring {one.id}") as progress:
            act = restoring.look if dry_run else restoring.restore
            job = act(goal, found, one, progress)
        _restored(output, job, dry_run=dry_run)
        if not dry_run and not to and (back := restoring.settings(store, job.source)):
            output.say(f"also back: {', '.join(back)}")


def _restored(output: Output, job: Job, *, dry_run: bool) -> None:
    count, right = len(job.lacking), len(job.manifest.files) - len(job.lacking)
    if dry_run:
        for one in job.lacking:
            output.say(f"would restore {one.path}, {text.size(one.size)}")
    verb = "to restore" if dry_run else "restored"
    line = f"{job.model.words}: {text.plural(count, 'file')} {verb}, {text.size(job.size)}, from {job.source.words}; "
    line += f"{right} right already; {job.manifest.set_digest}"
    facts = {"model": job.model.id, "revision": job.model.revision, "set_digest": job.manifest.set_digest}
    paths = [one.path for one in job.lacking]
    output.result(line, event="restored", dry_run=dry_run, files=paths, bytes=job.size, kept=right, **facts)


def people(output: Output, store: Store, copy: Copy, user: str, to: Path | None) -> None:
    """Bring a user's folder back; what is there already is never replaced.

    Raises:
        NothingToRestore: no copy has it.
    """
    layout = store.settings.layout
    if not to:
        guard(layout.root, layout.people)
    found = [one for one in copy.engines(layout) if isinstance(one, ResticEngine)]
    if not found:
        hint = "zagent backup add NAME restic:/PATH   keeps everyone's folder from then on"
        raise NothingToRestore(what=f"the folder of {user}", why="no restic repository is known", hint=hint)
    home = to or layout.home(user)
    with output.transfer(f"restoring {user}") as progress:
        brought = folders.bring_back(found[0], user, home, home.parent / f".restoring-{user}", progress)
    for name in brought.differing:
        output.say(f"kept: {name} is here with another content; --to DIR brings the copy's")
    line = f"{user}: {text.plural(len(brought.files), 'file')} restored into {home}, from {found[0].words}"
    output.result(line, event="restored", user=user, files=brought.files, differing=brought.differing)
