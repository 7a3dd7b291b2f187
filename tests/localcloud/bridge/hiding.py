"""What is secret among the inputs, kept secret among the outputs.

The engine itself would do so for outputs of the inputs' names only: a secret tag would show in ``tagsAll``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from google.protobuf import json_format, struct_pb2

from tests.localcloud.bridge.resource import Halfway
from tests.localcloud.bridge.values import SECRET, SIGNATURE

Hide = Callable[[Mapping[str, Any]], dict[str, Any]]


def hiding(*messages: struct_pb2.Struct) -> Hide:
    """A function that marks outputs as secret, by the secrets in these inputs or earlier outputs.

    Secret is what has the place of a secret, and every text that is one, wherever it shows up.
    """
    given = [json_format.MessageToDict(one) for one in messages]
    texts = {text for one in given for text in _texts(one, secret=False)}

    def hide(outputs: Mapping[str, Any]) -> dict[str, Any]:
        return {name: _hidden(value, [one.get(name) for one in given], texts) for name, value in outputs.items()}

    return hide


def hidden(hide: Hide, operation: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """The outputs of an operation, also of one that fails halfway, with what is secret marked."""
    try:
        return hide(operation())
    except Halfway as failure:
        failure.outputs = hide(failure.outputs)
        raise


def _hidden(value: Any, given: list[Any], texts: set[str]) -> Any:
    if isinstance(value, dict) and SIGNATURE in value:
        return value
    if isinstance(value, dict) and not any(map(_is_secret, given)):
        within = [one for one in given if isinstance(one, dict)]
        return {name: _hidden(one, [other.get(name) for other in within], texts) for name, one in value.items()}
    if value in ([], {}, None) or not (any(map(_has_secret, given)) or _shows(value, texts)):
        return value
    return {SIGNATURE: SECRET, "value": value}


def _shows(value: Any, texts: set[str]) -> bool:
    if isinstance(value, list):
        return any(_shows(one, texts) for one in value)
    if isinstance(value, dict):
        return any(_shows(one, texts) for one in value.values())
    return value in texts


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and value.get(SIGNATURE) == SECRET


def _has_secret(value: Any) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return _is_secret(value) or any(map(_has_secret, parts))


def _texts(value: Any, secret: bool) -> Iterator[str]:
    """The texts in secrets."""
    if isinstance(value, str):
        yield from [value] if secret and value else []
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, secret)
    elif _is_secret(value):
        yield from _texts(value.get("value"), secret=True)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one, secret)
