"""What the stack's state already knows of, asked of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

VOLUME, INSTANCE = "aws:ebs/volume:Volume", "aws:ec2/instance:Instance"


@dataclass(frozen=True)
class Known:
    """The ids of the data volume and the host as the last `up` left them; empty where there is none."""

    volume: str = ""
    instance: str = ""


def known() -> Known:
    """The state as it was when this run began, whether or not the last run ended well."""
    asked = {"stackName": pulumi.get_stack()}
    told: Any = pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", asked).value
    return parse(told.get("outputs", {}))


def parse(outputs: Mapping[str, Mapping[str, Any]]) -> Known:
    """The ids among the outputs of all resources by URN. Pure."""

    def id_of(kind: str) -> str:
        found = (one["outputs"].get("id", "") for one in outputs.values() if one["type"] == kind)
        return str(next(found, ""))

    return Known(id_of(VOLUME), id_of(INSTANCE))
