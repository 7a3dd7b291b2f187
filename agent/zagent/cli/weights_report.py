"""The words of ``zagent pull``, ``verify`` and ``weights``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timezone

from zagent import text
from zagent.cli import first_backup
from zagent.cli.output import Output
from zagent.errors import WeightsDamaged, ZagentError
from zagent.volume import trend
from zagent.volume.guard import identify
from zagent.weights import variant, verified
from zagent.weights.convert import Converted
from zagent.weights.manifest import File
from zagent.weights.model import Model
from zagent.weights.pull import Pulled
from zagent.weights.store import Store
from zagent.weights.verify import Bad, Report
from zagent.weights.verify import verify as verify_files


def pulled(output: Output, store: Store, done: Pulled) -> None:
    """Say what is there now and what it cost; then it is backed up.

    Raises:
        ZagentError: the backup's.
    """
    found = done.manifest
    if unconfirmed := variant.unconfirmed(found):
        where = "the hub lists no hash" if found.source.startswith("http") else "no hub was asked"
        output.say(f"note: {len(unconfirmed)} hashes are our own reading, unconfirmed: {where}")
    state = "is here already" if done.already else "is here"
    line = f"{found.model} {state}: {text.plural(len(found.files), 'file')}, {text.size(found.size)}{_whence(done)}"
    facts = {"model": found.model, "bytes": found.size, "set_digest": found.set_digest}
    output.result(line, event="done", downloaded=done.downloaded, already=done.already, **facts)
    first_backup.begin(output, store, found)


def _whence(done: Pulled) -> str:
    if done.adopted is None:
        return f", {text.size(done.downloaded)} downloaded"
    return f"; {done.adopted} was not needed" if done.already else f", from {done.adopted}"


def converted(output: Output, store: Store, done: Converted) -> None:
    """Say what was made of what, and what to do next; then it is backed up.

    Raises:
        ZagentError: the backup's.
    """
    found, before, after = done.manifest, _bytes(done.originals), _bytes(done.made)
    parts = sorted({variant.component(one.path) for one in done.made})
    line = f"{found.model}: {', '.join(parts)}: {text.size(before)} in float32 are {text.size(after)} in bfloat16"
    if not parts:
        line = f"{found.model}: nothing to convert: no weights in float32, or they are converted already"
    facts = {"model": found.model, "bytes": found.size, "set_digest": found.set_digest}
    output.result(line, event="converted", components=parts, before=before, after=after, **facts)
    if variant.superseded(found):
        output.say(
            "next:  zagent verify, and once it is backed up zagent gc   deletes the float32 files that they stand for"
        )
    first_backup.begin(output, store, found)


def _bytes(files: Iterable[File]) -> int:
    return sum(one.size for one in files)


def verify(output: Output, store: Store, model: Model, *, quick: bool) -> None:
    """Verify and report every bad file.

    Raises:
        ModelMissing, ManifestDamaged, WeightsDamaged: there is nothing to compare with, or a file is bad.
    """
    identify(store.settings.data_root)
    wanted, began = store.recorded(model), datetime.now(timezone.utc)
    with output.transfer("verifying") as progress:
        progress.begin(wanted.size, wanted.size)
        report = verify_files(store.snapshot(model), wanted, quick=quick, on_bytes=progress.add)
    if not quick:
        _record(output, store, model, verified.of(wanted, report, began))
    _tell(output, report, quick)
    trend.sample(store.settings.layout)  # not before: the disk may be dying
    if not report.whole:
        raise WeightsDamaged(model=model.words, why=f"{len(report.bad)} of {report.files} files are bad")


def _record(output: Output, store: Store, model: Model, outcome: verified.Verified) -> None:
    """Who may not write there has verified all the same."""
    try:
        verified.write(store, model, outcome)
    except (ZagentError, OSError) as error:
        output.say(f"note: the result was not recorded: {error}")


def _tell(output: Output, report: Report, quick: bool) -> None:
    if not output.json:
        for one in report.bad:
            output.result(_line(one))
        for path in report.extra:
            output.say(f"extra: {path} is not in the manifest")
    what = "sizes" if quick else f"SHA-256 of {text.size(report.bytes_read)}"
    good = report.files - len(report.bad)
    line = f"{good} of {report.files} files right ({what})"
    facts = {"bad": [asdict(one) for one in report.bad], "extra": report.extra, "whole": report.whole}
    output.result(line, event="verified", files=report.files, quick=quick, **facts)


def _line(bad: Bad) -> str:
    return f"bad: {bad.path}: {bad.problem}, expected {bad.expected}, found {bad.found}"
