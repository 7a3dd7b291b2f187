"""The words of ``zagent backup``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timezone

from zagent import text
from zagent.cli import schedule_report
from zagent.cli.output import Output
from zagent.errors import CopyDamaged, NoDestination, UsageError, ZagentError
from zagent.protect import backup, bad, contents, destinations, engines, record
from zagent.protect.backup import Backed
from zagent.protect.destinations import Destination
from zagent.protect.record import Checked
from zagent.protect.restic import password
from zagent.volume.guard import identify
from zagent.volume.layout import Layout
from zagent.weights import verified
from zagent.weights.model import Model
from zagent.weights.store import Store
from zagent.weights.verified import Verified


def chosen(layout: Layout, name: str | None) -> list[Destination]:
    """The named destination, else all.

    Raises:
        VolumeError: the data root, which has their list, is not there.
        NoDestination: there is none.
    """
    identify(layout.root)
    if name is not None:
        return [destinations.require(layout, name)]
    if found := destinations.known(layout):
        return found
    raise NoDestination(named="", others="")


def _each(output: Output, those: list[Destination], serve: Callable[[Destination], None]) -> None:
    """Serve them all: one that fails does not keep the others from it.

    Raises:
        ZagentError: that of the last that failed; all have been told when they did, as a run may be cut off.
    """
    failed: ZagentError | None = None
    for one in those:
        try:
            serve(one)
        except ZagentError as error:
            output.error(error)
            failed = error
    if failed:
        raise failed


def now(output: Output, store: Store, name: str | None) -> None:
    """Bring destinations up to date.

    Raises:
        ZagentError: one failed.
    """

    def serve(one: Destination) -> None:
        with output.transfer(f"backing up to {one.name}") as progress:
            done = backup.backup(store, one, progress)
        _told(output, store, done)

    _each(output, chosen(store.settings.layout, name), serve)


def _told(output: Output, store: Store, done: Backed) -> None:
    name, what = done.destination.name, "; ".join(f"{model} {digest[:19]}…" for model, digest in done.sets.items())
    copied = f"{text.size(done.copied)} copied" if done.copied else "nothing had changed"
    proofs = {model: _verified(store, model, digest) for model, digest in done.sets.items()}
    named = [f"{model}: {_ago(one)}" if len(proofs) > 1 else _ago(one) for model, one in proofs.items()]
    line = f"{name}: holds {what}, {copied}; last deep verify of the weights: {', '.join(named)}"
    facts = {"name": name, "target": done.destination.target, "sets": done.sets, "copied": done.copied}
    good = {model: one.at if one and one.ok else None for model, one in proofs.items()}
    output.result(line, event="backed-up", **facts, verified=good)


def _verified(store: Store, words: str, digest: str) -> Verified | None:
    """How the last deep verify of these very weights ended; None where there was none since they came."""
    id_, _, revision = words.partition(" --revision ")
    found = verified.read(verified.path(store, Model(id_, revision) if revision else Model(id_)))
    return found if found and found.set_digest == digest else None


def _ago(found: Verified | None) -> str:
    if found is None:
        return "none since they came"
    age = text.duration(max(0.0, (datetime.now(timezone.utc) - found.at).total_seconds()))
    return f"{age} ago" if found.ok else f"FAILED {age} ago"


def added(output: Output, store: Store, made: Destination) -> None:
    """Say what a new destination is good for, and what comes next."""
    kept = "plain copies of the weights" if made.kind == "mirror" else "everything, encrypted, with a history"
    line = f"{made.name}: {made.target} gets {kept}; zagent backup   makes the first copy"
    output.result(line, event="added", **asdict(made))
    if made.kind == "restic":
        file = password.path(store.settings.layout, made.name)
        output.say(f"KEEP THE PASSWORD in {file} somewhere else, now: with the data root gone,")
        output.say("nobody can read the repository without it, neither zagent nor restic.")
    schedule_report.follow(output, store.settings.data_root)


def removed(output: Output, store: Store, gone: Destination) -> None:
    """Say what becomes of what a destination holds."""
    output.result(f"{gone.target} gets no more backups; what it holds stays", event="removed", name=gone.name)
    schedule_report.follow(output, store.settings.data_root)


def ls(output: Output, layout: Layout, name: str | None) -> None:
    """A line for each state that a destination holds."""
    for one in chosen(layout, name):
        for entry in engines.engine(layout, one).entries():
            sets = "; ".join(f"{model} {digest[:19]}…" for model, digest in entry.sets.items()) or entry.why
            at = text.moment(entry.at) if entry.at else "unknown"
            proved = "proved" if entry.verified else "NOT PROVED"
            line = f"{one.name}  {entry.id}  {at}  {text.size(entry.size)}  {proved}  {sets}"
            output.result(line, event="entry", destination=one.name, **asdict(entry))


def show(output: Output, layout: Layout, name: str | None) -> None:
    """How the last runs of each destination ended."""
    for one in chosen(layout, name):
        known = record.read(layout, one.name)
        run, good, found = known.run, known.success, known.check
        lines = [
            f"{one.name}: {one.target} ({one.kind})",
            f"  last run      {text.moment(run.at)}, {run.error or 'good'}" if run else "  last run      never",
            f"  last good     {text.moment(good.at)}, {'; '.join(good.sets)}" if good else "  last good     never",
            f"  last check    {text.moment(found.at)}, {_bad(found)}" if found else "  last check    never",
        ]
        facts = {key: one and asdict(one) for key, one in (("success", good), ("run", run), ("check", found))}
        output.result("\n".join(lines), event="destination", **asdict(one), **facts)


def _bad(found: Checked) -> str:
    count = sum(map(len, found.bad.values()))
    return f"part {found.part + 1} of {engines.PARTS}, {text.plural(count, 'bad file') if count else 'nothing bad'}"


def check(output: Output, store: Store, name: str | None, *, full: bool) -> None:
    """Check destinations and tell every bad file.

    Raises:
        CopyDamaged: there is one.
        ZagentError: one can't be read.
    """
    _each(output, chosen(store.settings.layout, name), lambda one: _check(output, store, one, full=full))


def _check(output: Output, store: Store, one: Destination, *, full: bool) -> None:
    with output.transfer(f"checking {one.name}") as progress:
        found = backup.check(store, one, progress, full=full)
    named = bad.named(found.bad)
    for line in named if not output.json else ():
        output.result(f"bad: {line}")
    what = "all of it" if full else f"part {found.part + 1} of {engines.PARTS}"
    line = f"{one.name}: {what} read, {text.plural(len(named), 'bad file')}"
    output.result(line, event="checked", name=one.name, full=full, part=found.part, bad=found.bad)
    if named:
        why = f"{named[0]}{f' and {len(named) - 1} more' if len(named) > 1 else ''}"
        here = contents.sets(store, identify(store.settings.data_root).data_id).values()
        raise CopyDamaged(destination=one.target, why=why, hint=bad.mending(found.bad, here, one.name))


def forget(output: Output, layout: Layout, name: str, entry: str) -> None:
    """Give up one state of a destination.

    Raises:
        UsageError: none is named.
    """
    if not entry:
        raise UsageError(detail="an empty ID names no state; `zagent backup ls` shows the ids")
    destination, own = destinations.require(layout, name), identify(layout.root).data_id
    gone = engines.engine(layout, destination).forget(entry, own)
    output.result(f"{name}: {gone} is given up", event="forgotten", name=name, entry=gone)
