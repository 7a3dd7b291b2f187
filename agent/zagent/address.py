"""Addresses of hubs, package indexes and repositories, which people see and files keep: never a password in them."""

from __future__ import annotations

import re

_PASSWORD = re.compile(r"//[^/]*:[^/]*@")
_LOGIN = re.compile(r"//[^/\s]*@")
"""Also where what stands before it is no scheme that we know."""


def has_password(address: str) -> bool:
    """Whether a password stands in an address."""
    return _PASSWORD.search(address) is not None


def refused(address: str) -> str:
    """An address as it is shown where it is wrong: a password may have a slash or a space in it then, too."""
    return re.sub(r"//.*@", "//…@", address)


def without_login(words: str) -> str:
    """The same words, no address among them with a name or a password in it."""
    return _LOGIN.sub("//", words)
