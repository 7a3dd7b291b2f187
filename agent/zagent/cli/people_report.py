"""The words of ``zagent restore --users``."""

from __future__ import annotations

from pathlib import Path

from zagent import text
from zagent.cli.output import Output
from zagent.cli.restore_report import Copy
from zagent.errors import NothingToRestore, UsageError, ZagentError
from zagent.protect.restic import people as folders
from zagent.protect.restic.engine import ResticEngine
from zagent.protect.restic.people import Brought
from zagent.protect.restore import PASSED_OVER
from zagent.volume.guard import guard, identify
from zagent.volume.layout import Layout
from zagent.weights.store import Store


def only(model: str | None, revision: str | None) -> None:
    """Refuse what says which weights, where none are brought.

    Raises:
        UsageError: a model or a revision is named.
    """
    if model is not None or revision is not None:
        raise UsageError(detail="--users brings no weights: --model and --revision don't go with it")


def people(output: Output, store: Store, copy: Copy, user: str, to: Path | None, *, dry_run: bool) -> None:
    """Bring a user's folder back, or say what that would be; what is there already is never replaced.

    It comes from the first repository that has it, which need not be the first that is known.

    Raises:
        NothingToRestore: no copy has it.
        ProtectError: that of the first copy that can't tell, where no other has it.
    """
    layout = store.settings.layout
    if not to and dry_run:
        identify(layout.root)
    elif not to:
        guard(layout.root, layout.people)
    home, failed = to or layout.home(user), list[ZagentError]()
    for source in _sources(copy, layout, user):
        try:
            with output.transfer(f"restoring {user}"):
                brought = (folders.look if dry_run else folders.bring_back)(source, user, home)
        except PASSED_OVER as error:
            failed.append(error)
        else:
            for one in failed:
                output.say(one.message)
            if line := folders.whose(source):
                output.say(f"that folder is {line}")
            if line := folders.newer(source, user):
                output.say(f"there is a newer snapshot: {line}")
            return _told(output, brought, f"into {home}, from {source.words}", dry_run=dry_run)
    raise next((one for one in failed if not isinstance(one, NothingToRestore)), failed[0])


def _sources(copy: Copy, layout: Layout, user: str) -> list[ResticEngine]:
    found = [one for one in copy.engines(layout) if isinstance(one, ResticEngine)]
    if not found:
        hint = "zagent backup add NAME restic:/PATH   keeps everyone's folder from then on"
        raise NothingToRestore(what=f"the folder of {user}", why="no restic repository is known", hint=hint)
    return found


def _told(output: Output, brought: Brought, whence: str, *, dry_run: bool) -> None:
    if dry_run:
        for name in brought.files:
            output.say(f"would restore {name}")
    for name in brought.differing:
        output.say(f"kept: {name} is here with another content; --to DIR brings the copy's")
    count, verb = text.plural(len(brought.files), "file"), "to restore" if dry_run else "restored"
    line = f"{brought.user}: {count} {verb} {whence}"
    facts = {"files": brought.files, "differing": brought.differing}
    output.result(line, event="restored", dry_run=dry_run, user=brought.user, **facts)
