"""Documents of IAM: who may take a role, and what it may do. Pure."""

from __future__ import annotations

import json
from typing import Any

from infra.account.caller import Caller


def trust(service: str, account: str = "") -> str:
    """A role that one service of AWS takes; with ``account``, only on behalf of that account's own resources."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    if account:  # or the service could be asked by somebody else's resources (AWS, "The confused deputy problem")
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account}}
    return _document([statement])


def sessions(caller: Caller, region: str) -> str:
    """What Session Manager's agent on a host needs, and no more: it carries SSH where no port is open.

    The channels are not any resource's, so they can't be narrowed (AWS, "Actions, resources, and condition keys for
    Amazon Session Manager Message Gateway Service").
    """
    host = f"arn:{caller.partition}:ec2:{region}:{caller.account}:instance/*"
    channels = [f"ssmmessages:{verb}{what}Channel" for verb in ("Create", "Open") for what in ("Control", "Data")]
    return _document(
        [
            {"Effect": "Allow", "Action": "ssm:UpdateInstanceInformation", "Resource": host},
            {"Effect": "Allow", "Action": channels, "Resource": "*"},
        ]
    )


def _document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
