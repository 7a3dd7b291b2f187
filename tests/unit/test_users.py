"""The volume's list of users: equal lists are equal bytes, and what no host can have is refused."""

from __future__ import annotations

import json

import pytest
from zagent.volume import users
from zagent.volume.users import Account

LIST = {"zagent": Account(998, 997), "alice": Account(1001, 1001)}


def test_a_list_comes_back() -> None:
    """Sorted, whatever the order it was made in."""
    assert users.parse(users.text(LIST)) == LIST
    assert users.text(LIST) == users.text(dict(reversed(LIST.items())))


@pytest.mark.parametrize(
    "told",
    [
        "",
        "[]",
        '{"schema": 2, "users": {}}',
        '{"schema": 1, "users": []}',
        *(
            json.dumps({"schema": 1, "users": {name: numbers}})
            for name, numbers in (
                ("root", {"uid": 0, "gid": 0}),
                ("a", {"uid": 1000, "gid": 0}),
                ("a", {"uid": True, "gid": 1}),
                ("a", {"uid": "1000", "gid": 1000}),
                ("a", {"uid": 65534, "gid": 1000}),
                ("a", {"uid": 1000}),
                ("a", [1000, 1000]),
                ("../a", {"uid": 1000, "gid": 1000}),
                ("-a", {"uid": 1000, "gid": 1000}),
                ("a b", {"uid": 1000, "gid": 1000}),
            )
        ),
    ],
)
def test_what_is_no_list_is_refused(told: str) -> None:
    """Nobody becomes root, and no name reaches a command that is more than a name."""
    with pytest.raises(ValueError, match=r"schema|no user|Expecting"):
        users.parse(told)
