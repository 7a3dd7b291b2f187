"""What ``zagent cloud status`` shows of what a host says of itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from zagent import text

from infra.operations.inside import Finding, Inside


def rows(found: Inside) -> Iterator[tuple[str, str]]:
    """How full the volume is, what the doctor counts, and what is not in order."""
    if found.why:
        yield "inside", f"not known: {found.why}"
    if found.size:
        yield "data", f"{text.size(found.used)} of {text.size(found.size)} used"
    elif not found.why:
        yield "data", "the volume is not mounted"
    if found.findings:
        yield "doctor", _counted(found)
        yield from ((one.severity, _words(one)) for one in found.findings if one.severity != "ok")


def _counted(found: Inside) -> str:
    number = Counter(one.severity for one in found.findings)
    more = [text.plural(number[one], one) for one in ("error", "warning") if number[one]]
    return ", ".join([*more, f"{number['ok']} ok"])


def _words(one: Finding) -> str:
    return f"{one.check}: {one.message}" + (f"   try: {one.remedy}" if one.remedy else "")


def facts(found: Inside | None) -> dict[str, Any] | None:
    """The same for programs, sizes in bytes; None where the host was not asked."""
    if found is None:
        return None
    doctor = [asdict(one) for one in found.findings]
    return {"why": found.why, "size_bytes": found.size, "used_bytes": found.used, "doctor": doctor}
