"""The settings of a stack, as Pulumi.yaml declares them and a test changes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

import tests
from infra.settings import Settings, load

REPOSITORY = Path(tests.__file__).parent.parent

DECLARED: dict[str, dict[str, Any]] = {
    key: one
    for key, one in yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text())["config"].items()
    if ":" not in key
}
"""Every key of the project's own, with its type, default and description."""

REGION = "us-east-1"


def settings(**changed: object) -> Settings:
    """Those of zagent/dev: the defaults, one address that may log in, and what the test changes, by key."""
    values = {key: one["default"] for key, one in DECLARED.items()} | {"sshCidrs": ["192.0.2.1/32"]} | changed
    return load(values.__getitem__, {"region": REGION}.get, "zagent", "dev")
