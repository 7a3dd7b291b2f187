"""The provider's own configuration: what the stack says under ``aws:``, and the region."""

from __future__ import annotations

import json
import os
from typing import Any, Final

from tests.localcloud.bridge.client import Client
from tests.localcloud.bridge.schema import Field, Scalar, object_of
from tests.localcloud.bridge.served import Problem, Properties, Served

NOT_OURS: Final = ("version", "pluginDownloadURL")
"""What the engine keeps beside the configuration, for itself."""

REGION_VARIABLES: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")


def configuration(client: Client) -> Served:
    """The provider's configuration, as something with a schema."""
    shape = object_of(client.schemas.provider.block, "provider")
    return Served(client, "provider", shape, region="", warn=lambda text: None)


def check(provider: Served, given: Properties) -> list[Problem]:
    """What is wrong with a configuration."""
    said = read(provider, given)
    if found := provider.misfits(said):
        return found
    if not region(said):
        return [(("region",), f"which AWS region? `pulumi config set aws:region …`, or set {REGION_VARIABLES[0]}")]
    return provider.problems(provider.client.prepare(provider.config(said)))


def apply(provider: Served, given: Properties) -> str:
    """Configure the provider; returns its region.

    Raises:
        Refused: the provider can't work with it, or has no valid credentials.
    """
    said = read(provider, given)
    provider.heed(provider.client.configure(provider.config(said)))
    return region(said)


def region(said: Properties) -> str:
    """The region that the provider will work in, or an empty string."""
    return str(said.get("region") or next(filter(None, map(os.environ.get, REGION_VARIABLES)), ""))


def read(provider: Served, given: Properties) -> dict[str, Any]:
    """The configuration's values; the engine sends all but strings as JSON."""
    fields = provider.shape.by_property
    kept = {name: value for name, value in given.items() if name not in NOT_OURS and not name.startswith("__")}
    return {name: _decoded(fields.get(name), value) for name, value in kept.items()}


def _decoded(field: Field | None, value: Any) -> Any:
    if field is None or field.type == Scalar("string") or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
