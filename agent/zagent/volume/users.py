"""The volume's own list of users: their numbers stay what they were, whatever host it hangs at. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

SCHEMA = 1

NAME = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
"""What useradd(8) takes everywhere."""

NOBODY = 65534
"""The last number that a person may have; systemd and NFS give this one a meaning of their own."""


class Account(NamedTuple):
    """The numbers of a user and of the group of the same name."""

    uid: int
    gid: int


def parse(text: str) -> dict[str, Account]:
    """The users by name.

    Raises:
        ValueError: it is no such list, or one whose names or numbers no host can have.
    """
    told = json.loads(text)
    if not isinstance(told, dict) or told.get("schema") != SCHEMA or not isinstance(told.get("users"), dict):
        raise ValueError(f"it is no list of users of schema {SCHEMA}")
    return {name: _account(name, one) for name, one in told["users"].items()}


def _account(name: str, told: object) -> Account:
    if NAME.fullmatch(name) and isinstance(told, dict):
        uid, gid = told.get("uid"), told.get("gid")
        if type(uid) is int and type(gid) is int and 0 < uid < NOBODY and 0 < gid < NOBODY:
            return Account(uid, gid)
    raise ValueError(f"{name!r} is no user with two numbers below {NOBODY}")


def text(users: Mapping[str, Account]) -> str:
    """The list as it is kept, by name, so that equal lists are equal bytes."""
    return (
        json.dumps({"schema": SCHEMA, "users": {name: users[name]._asdict() for name in sorted(users)}}, indent=1)
        + "\n"
    )
