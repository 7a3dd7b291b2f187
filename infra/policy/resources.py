"""What a rule judges, and how to read it where values are absent, or not known before the deployment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final


class Unknown(Enum):
    """The type of ``UNKNOWN``."""

    VALUE = "unknown"


UNKNOWN: Final = Unknown.VALUE
"""Stands for a value that another resource gives once it is made. No rule judges it; the deployment asks again."""


@dataclass(frozen=True)
class Resource:
    """A resource as the program declares it: Pulumi's type token, and the inputs by their camelCase names."""

    type: str
    name: str
    properties: Mapping[str, Any]

    def get(self, key: str) -> Any:
        """The value of an input: None where there is none, else maybe ``UNKNOWN``."""
        return self.properties.get(key)

    def has(self, key: str) -> bool:
        """Whether an input is known to say something."""
        value = self.get(key)
        return value is not UNKNOWN and bool(value)

    def __str__(self) -> str:
        return f"{self.type.rpartition(':')[2]} {self.name}"


def section(value: Any) -> Mapping[str, Any] | Unknown:
    """A group of inputs; an empty one where there is none."""
    return value if value is UNKNOWN else value or {}


def items(value: Any) -> Iterator[Any]:
    """The items of a list that are known."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        yield from (one for one in value if one is not UNKNOWN)


def sections(value: Any) -> Iterator[Mapping[str, Any]]:
    """The groups of inputs in a list, as far as they are known."""
    yield from (one for one in items(value) if isinstance(one, Mapping))


def is_one_of(value: Any, wanted: Iterable[Any]) -> bool:
    """Whether a value is as wanted, or may be."""
    return value is UNKNOWN or value in wanted
