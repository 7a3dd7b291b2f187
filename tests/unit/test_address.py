"""Addresses without their passwords."""

from __future__ import annotations

import pytest
from zagent.address import has_password, refused, without_login


@pytest.mark.parametrize(
    ("words", "password", "shown"),
    [
        ("https://hub.example/models", False, "https://hub.example/models"),
        ("https://ann:secret@hub.example", True, "https://hub.example"),
        ("htps://ann:secret@hub.example", True, "htps://hub.example"),
        ("sftp://ann@nas//copies", False, "sftp://nas//copies"),
        ("sftp:ann@nas:/copies", False, "sftp:ann@nas:/copies"),
        ("rest:https://ann:secret@nas:8000/", True, "rest:https://nas:8000/"),
        ("https://hub.example/file@v1", False, "https://hub.example/file@v1"),
        ("https://a:b@x failed, then https://c:d@y", True, "https://x failed, then https://y"),
    ],
)
def test_a_password_is_seen_and_never_shown(words: str, password: bool, shown: str) -> None:
    """Wherever in the words the address stands."""
    assert has_password(words) is password
    assert without_login(words) == shown


@pytest.mark.parametrize("password", ["secret", "a secret", "see@cret", "sec/ret", "sec:ret"])
def test_a_refused_address_shows_nothing_of_a_password(password: str) -> None:
    """Whatever is in it; one without a slash is what it is refused for."""
    address = f"rest:https://ann:{password}@nas/copies"
    assert refused(address) == "rest:https://…@nas/copies"
    assert has_password(address) is ("/" not in password)
