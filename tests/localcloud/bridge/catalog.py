"""From Pulumi's tokens to resources and functions of a configured provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from tests.localcloud.bridge.client import Client
from tests.localcloud.bridge.function import Function
from tests.localcloud.bridge.resource import Resource
from tests.localcloud.bridge.schema import Object, object_of
from tests.localcloud.bridge.tokens import FUNCTIONS, RESOURCES


class NotServed(Exception):
    """A type or function that is not in the table."""

    def __init__(self, token: str) -> None:
        super().__init__(
            f"the local cloud's AWS provider does not serve {token}: it would have to be added to"
            " tests/localcloud/bridge/tokens.py"
        )


class Catalog:
    """What a configured provider serves; only the schemas that are asked for are looked into."""

    def __init__(self, client: Client, region: str) -> None:
        self._client = client
        self._region = region
        self._shape = lru_cache(maxsize=None)(self._look_up)

    def resource(self, token: str, warn: Callable[[str], None]) -> Resource:
        """The type of a token.

        Raises:
            NotServed: it is not in the table.
        """
        name = _known(RESOURCES, token)
        return Resource(self._client, name, self._shape("resource_schemas", name), self._region, warn)

    def function(self, token: str, warn: Callable[[str], None]) -> Function:
        """The function of a token.

        Raises:
            NotServed: it is not in the table.
        """
        name = _known(FUNCTIONS, token)
        return Function(self._client, name, self._shape("data_source_schemas", name), self._region, warn)

    def _look_up(self, group: str, name: str) -> Object:
        schemas: Mapping[str, Any] = getattr(self._client.schemas, group)
        return object_of(schemas[name].block, name)


def _known(table: Mapping[str, str], token: str) -> str:
    if token not in table:
        raise NotServed(token)
    return table[token]
