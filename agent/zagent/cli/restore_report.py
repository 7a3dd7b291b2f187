"""The words of ``zagent restore``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from zagent import text
from zagent.cli.output import Output
from zagent.errors import UsageError, ZagentError
from zagent.protect import restore as restoring
from zagent.protect import sources
from zagent.protect.engine import Engine
from zagent.protect.restic import people
from zagent.protect.restic.engine import ResticEngine
from zagent.protect.restore import Goal, Job
from zagent.volume.guard import identify
from zagent.volume.layout import Layout
from zagent.weights.model import DEFAULT_REVISION, Model
from zagent.weights.store import Store


def meant(model: str | None, revision: str | None) -> Model | None:
    """The one model that a person named; None where all are meant.

    Raises:
        UsageError: it is none, or only a revision is named.
    """
    if model is not None:
        return Model(model, DEFAULT_REVISION if revision is None else revision)
    if revision is not None:
        again = f"zagent restore --model OWNER/NAME --revision {quote(revision)}"
        raise UsageError(detail=f"--revision goes with --model: `{again}`")
    return None


def require_no_file(to: Path | None) -> None:
    """Make sure that nothing but folders is in the way to where a person wants things; before anything is read.

    Raises:
        UsageError: there is a file.
    """
    for one in (to, *to.absolute().parents) if to else ():
        if one.exists() and not one.is_dir():
            raise UsageError(detail=f"{one} is a file, not a folder: name a folder after --to")


@dataclass(frozen=True)
class Copy:
    """The copy that a person named: a name, path or address, a state of it, and what opens it. Empty is the best."""

    source: str | None = None
    snapshot: str = ""
    password_file: Path | None = None

    @property
    def named(self) -> bool:
        """Whether a person said which: then what it holds is meant, be it another version than the recorded one."""
        return bool(self.source or self.snapshot)

    def engines(self, layout: Layout) -> list[Engine]:
        """Where to look, in order."""
        if self.source:
            return [sources.named(layout, self.source, self.password_file, self.snapshot)]
        return sources.known(layout, self.snapshot)


def weights(output: Output, store: Store, copy: Copy, model: Model | None, to: Path | None, *, dry_run: bool) -> None:
    """Bring weights back, or say what that would be; a model that fails keeps no other from it.

    Raises:
        ZagentError: that of the first that failed; all have been told when they did, as a run may be cut off.
    """
    goal = Goal(store, to, copy.named)
    if not to:
        identify(store.settings.layout.root)
    found, failed = copy.engines(store.settings.layout), list[ZagentError]()
    wanted = [model] if model else restoring.models(store, found)
    for one in wanted:
        try:
            _model(output, goal, found, one, dry_run=dry_run)
        except ZagentError as error:
            failed.append(error)
            output.error(error)
    if failed:
        raise failed[0]


def _model(output: Output, goal: Goal, found: list[Engine], model: Model, *, dry_run: bool) -> None:
    with output.transfer(f"restoring {model.id}") as progress:
        act = restoring.look if dry_run else restoring.restore
        job = act(goal, found, model, progress)
    _restored(output, job, dry_run=dry_run)
    if not dry_run and not goal.to and (back := restoring.settings(goal.store, job.source)):
        whose = people.whose(job.source) if isinstance(job.source, ResticEngine) else ""
        output.say(f"also back: {', '.join(back)}{whose and f', {whose}'}")


def _restored(output: Output, job: Job, *, dry_run: bool) -> None:
    count, right = len(job.lacking), len(job.manifest.files) - len(job.lacking)
    if dry_run:
        for one in job.lacking:
            output.say(f"would restore {one.path}, {text.size(one.size)}")
    verb = "to restore" if dry_run else "restored"
    line = f"{job.model.words}: {text.plural(count, 'file')} {verb}, {text.size(job.size)}"
    line += f", from {job.source.words}; " if job.lacking else "; "
    line += f"{right} right already; {job.manifest.set_digest}"
    facts = {"model": job.model.id, "revision": job.model.revision, "set_digest": job.manifest.set_digest}
    paths = [one.path for one in job.lacking]
    output.result(line, event="restored", dry_run=dry_run, files=paths, bytes=job.size, kept=right, **facts)
