"""What the stack's state already knows of, asked of the engine."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

VOLUME, INSTANCE, LOGIN = "aws:ebs/volume:Volume", "aws:ec2/instance:Instance", "aws:ec2/keyPair:KeyPair"

HALF_WRITTEN = "failed to load checkpoint"
"""The engine's words where it reads the file of a state that it is writing at this moment."""

TRIES, PAUSE = 20, 0.25
"""How often such a file is read again, and the seconds between."""


@dataclass(frozen=True)
class Known:
    """The ids of the data volume and the host as the last `up` left them; empty where there is none.

    ``login`` is the public key that logs in to the host.
    """

    volume: str = ""
    instance: str = ""
    login: str = ""


def known() -> Known:
    """The state as it was when this run began, whether or not the last run ended well."""
    for _ in range(TRIES):
        try:
            return parse(_told())
        except Exception as error:
            if HALF_WRITTEN not in str(error):
                raise
            time.sleep(PAUSE)
    return parse(_told())


def _told() -> Mapping[str, Mapping[str, Any]]:
    asked = {"stackName": pulumi.get_stack()}
    told: Any = pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", asked).value
    outputs: Mapping[str, Mapping[str, Any]] = told.get("outputs", {})
    return outputs


def parse(outputs: Mapping[str, Mapping[str, Any]]) -> Known:
    """What is looked for among the outputs of all resources by URN. Pure."""

    def of(kind: str, name: str = "id") -> str:
        found = (one["outputs"].get(name, "") for one in outputs.values() if one["type"] == kind)
        return str(next(found, ""))

    return Known(of(VOLUME), of(INSTANCE), of(LOGIN, "publicKey"))
