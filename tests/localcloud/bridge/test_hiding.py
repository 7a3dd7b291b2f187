"""Secrets among the outputs, by those among the inputs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localcloud.bridge.hiding import hidden, hiding
from tests.localcloud.bridge.resource import Halfway
from tests.localcloud.bridge.values import SECRET, SIGNATURE, message


def secret(value: Any) -> dict[str, Any]:
    """A value as the engine sends and takes it when it is secret."""
    return {SIGNATURE: SECRET, "value": value}


@pytest.mark.parametrize(
    ("inputs", "outputs", "shown"),
    [
        ({"a": "open"}, {"a": "open", "id": "1"}, {"a": "open", "id": "1"}),
        ({"a": secret("x")}, {"a": "x"}, {"a": secret("x")}),
        ({"a": secret("x")}, {"a": "digest of x"}, {"a": secret("digest of x")}),
        ({"a": secret(22)}, {"a": 22, "b": 22}, {"a": secret(22), "b": 22}),
        (
            {"tags": {"a": secret("x"), "b": "y"}},
            {"tags": {"a": "x", "b": "y"}},
            {"tags": {"a": secret("x"), "b": "y"}},
        ),
        ({"tags": {"a": secret("x")}}, {"all": {"a": "x", "b": "y"}}, {"all": {"a": secret("x"), "b": "y"}}),
        ({"tags": secret({"a": "x"})}, {"all": {"a": "x", "b": "y"}}, {"all": {"a": secret("x"), "b": "y"}}),
        ({"some": ["y", secret("x")]}, {"some": ["x", "y"]}, {"some": secret(["x", "y"])}),
        (
            {"some": [{"a": secret("x")}]},
            {"some": [{"b": 1}], "other": [["x"]]},
            {"some": secret([{"b": 1}]), "other": secret([["x"]])},
        ),
        ({"a": secret("x")}, {"a": secret("x")}, {"a": secret("x")}),
        ({"a": {"b": secret("x")}}, {"a": '{"b": "x"}'}, {"a": secret('{"b": "x"}')}),
        ({"a": secret("")}, {"b": ""}, {"b": ""}),
    ],
)
def test_a_secret_is_marked_wherever_it_shows(inputs: Any, outputs: Any, shown: Any) -> None:
    """Under its own name whatever it has become there, under others as long as it is the same text."""
    assert hiding(message(inputs))(outputs) == shown


def test_an_earlier_secret_stays_one() -> None:
    """A refresh knows the outputs that it had before."""
    assert hiding(message({}), message({"a": secret("x")}))({"a": "changed"}) == {"a": secret("changed")}


def test_what_a_failure_leaves_is_marked_too() -> None:
    """The engine keeps it in the state as well."""

    def fail() -> dict[str, Any]:
        raise Halfway("on purpose", {"a": "x"})

    with pytest.raises(Halfway) as caught:
        hidden(hiding(message({"a": secret("x")})), fail)
    assert caught.value.outputs == {"a": secret("x")}
