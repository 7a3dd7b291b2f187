"""What differs between a state and a plan, as Pulumi shows it: property paths, added, changed or deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from tests.localcloud.bridge.paths import Path, covers
from tests.localcloud.bridge.propose import equal
from tests.localcloud.bridge.schema import Many, Object, Type

NOTHING: Final[tuple[Any, ...]] = (None, "", [], {})


@dataclass(frozen=True)
class Change:
    """A property that will be another one; ``asked`` when the program set it, not when it follows from others."""

    path: Path
    kind: Literal["add", "update", "delete"]
    asked: bool
    replaces: bool = False


def changes(kind: Object, prior: Any, planned: Any, config: Any, replacing: Iterable[Path]) -> list[Change]:
    """The differences worth showing; ``replacing`` are the paths that the provider can only change by replacement.

    What only follows from other changes is left out, unless nothing else is there or it is why a replacement is due.
    """
    forced = list(replacing)
    found = [
        replace(one, replaces=any(covers(path, one.path) or covers(one.path, path) for path in forced))
        for one in _object(kind, prior, planned, config, ())
    ]
    return [one for one in found if one.asked or one.replaces] or found


def _object(kind: Object, prior: Any, planned: Any, config: Any, path: Path) -> Iterator[Change]:
    for field in kind.by_property.values():
        said = config[field.name] if isinstance(config, dict) else config
        before = prior[field.name]
        asked = field.settable and (said is not None or not (field.computed or before is None))
        yield from _value(field.type, before, planned[field.name], said, (*path, field.pulumi_name), asked)


def _value(kind: Type, prior: Any, planned: Any, config: Any, path: Path, asked: bool) -> Iterator[Change]:
    # The provider may write down as empty what nobody has said anything of.
    if equal(kind, prior, planned) or (config is None and prior in NOTHING and planned in NOTHING):
        return
    match kind, prior, planned:
        case Object(), dict(), dict():
            yield from _object(kind, prior, planned, config, path)
        case Many(flat=True), [before], [after]:
            said = config[0] if isinstance(config, list) and config else config
            yield from _value(kind.element, before, after, said, path, asked)
        case Many(kind="list"), list(), list() if len(prior) == len(planned):
            for position, (before, after) in enumerate(zip(prior, planned, strict=True)):
                said = config[position] if isinstance(config, list) and position < len(config) else None
                yield from _value(kind.element, before, after, said, (*path, position), asked)
        case Many(kind="map"), dict(), dict():
            for key in sorted(prior.keys() | planned.keys()):
                yield from _value(kind.element, prior.get(key), planned.get(key), config, (*path, key), asked)
        case _:
            yield Change(path, _kind(prior, planned), asked)


def _kind(prior: Any, planned: Any) -> Literal["add", "update", "delete"]:
    if prior in (None, []):
        return "add"
    return "delete" if planned in (None, []) else "update"
