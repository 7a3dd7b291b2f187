"""The form of requests: botocore's own model of the service says what AWS accepts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

from tests.localcloud.cloud.dlm.errors import InvalidRequest, MissingParameters


def check(request: Mapping[str, Any], shape: StructureShape) -> None:
    """Accept a request of the ``shape``.

    Raises:
        InvalidRequest: with everything that is wrong, by the parameters' names.
    """
    if missing := [one for one in shape.required_members if one not in request]:
        raise MissingParameters(missing)
    report = ParamValidator().validate(dict(request), shape)
    if report.has_errors():
        raise InvalidRequest(report.generate_report())
    if faults := list(_faults(request, shape, "")):
        raise InvalidRequest("\n".join(faults))


def _faults(value: Any, shape: Shape, name: str) -> Iterator[str]:
    """What botocore leaves to the service, here and below."""
    yield from (f"Invalid value for parameter {name}: {fault}" for fault in _own_faults(value, shape))
    for below, below_shape, below_name in _parts(value, shape, name):
        yield from _faults(below, below_shape, below_name)


def _own_faults(value: Any, shape: Shape) -> Iterator[str]:
    most = shape.metadata.get("max")
    if most is not None and (size := value if isinstance(value, int) else len(value)) > most:
        yield f"{size}, valid max: {most}"
    if isinstance(shape, StringShape):
        if shape.enum and value not in shape.enum:
            yield f"{value!r}, valid values: {', '.join(shape.enum)}"
        pattern = shape.metadata.get("pattern", "")
        if pattern and not _any_text(pattern) and not re.fullmatch(pattern, value):
            yield f"{value!r}, valid pattern: {pattern}"


def _any_text(pattern: str) -> bool:
    """Whether it is the model's pattern for any text, in a class that Python's expressions lack."""
    return r"\p{all}" in pattern


def _parts(value: Any, shape: Shape, name: str) -> Iterator[tuple[Any, Shape, str]]:
    if isinstance(shape, StructureShape):
        for key, one in value.items():
            yield one, shape.members[key], f"{name}.{key}" if name else key
    elif isinstance(shape, ListShape):
        for number, one in enumerate(value):
            yield one, shape.member, f"{name}[{number}]"
    elif isinstance(shape, MapShape):
        for key, one in value.items():
            yield key, shape.key, name
            yield one, shape.value, f"{name}.{key}"
