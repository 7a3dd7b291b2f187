"""What may have been found, and the program as it runs then."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from infra.account.caller import Caller
from infra.account.snapshots import Snapshot
from infra.account.volumes import Volume
from infra.lookup.found import Found
from infra.lookup.volume import adopted, blank
from tests.components.requests import STACK, Monitor, Registered, registered
from tests.configured import DECLARED

ME = "arn:aws:iam::123456789012:user/me"
BLANK = Found(
    Caller("123456789012", ME), blank("why"), 100, "us-east-1a", "ami-1", "", "", "", ("us-east-1a", "us-east-1b"), ()
)
VOLUME = Volume("vol-1", "us-east-1a", 200, "gp3", 3000, 250, True, "", "", (), {})
ADOPTED = replace(BLANK, choice=adopted(VOLUME, "how"), size=200)
TAKEN = Snapshot("snap-1", "vol-1", 100, datetime(2026, 1, 1, tzinfo=timezone.utc), "completed", {})


def program(key: Path, what: Found = BLANK, **changed: object) -> dict[str, Registered]:
    """What the program registers by name, with the defaults of Pulumi.yaml and what the test changes."""
    return {one.name: one for one in ran(key, what, STACK, False, **changed).kept}


def ran(key: Path, what: Found = BLANK, stack: str = STACK, preview: bool = False, **changed: object) -> Monitor:
    """What stands in the engine's place, after the program ran."""
    chosen = {name: one["default"] for name, one in DECLARED.items()}
    chosen |= {"sshCidrs": ["192.0.2.1/32"], "sshPrivateKeyFile": str(key), **changed}
    given = {name: one if isinstance(one, str) else json.dumps(one) for name, one in chosen.items()}
    return registered(what, given, stack, preview)
