"""Reads single values of the configuration; what can't be is refused with its key, the stack's file and an example."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zagent.address import has_password, refused
from zagent.errors import DestinationRefused
from zagent.protect import destinations

from infra.bootstrap.want import BACKUP_NAME
from infra.errors import BadSetting

CIDR_EXAMPLE = "--path 'sshCidrs[0]' 203.0.113.7/32"
TAG_EXAMPLE = "--path tags.team images"
"""How a list and a table are set; their JSON as one text is refused by the engine."""

TARGET_EXAMPLE = "restic:s3:https://s3.REGION.amazonaws.com/BUCKET/zagent"

FORM = "it is not of the form that the example shows"

IN_NETRC = (
    "a password in an address is seen by everyone: "
    "name it in ~/.netrc instead, as `machine HOST login USER password PASSWORD`, where pip finds it"
)


@dataclass(frozen=True)
class Reader:
    """Reads single values, which the engine hands over as text and a file as what YAML makes of it."""

    get: Callable[[str], Any]
    file: str

    def text(self, key: str, pattern: str, example: str) -> str:
        """A string that matches ``pattern`` as a whole."""
        value = self.get(key)
        if isinstance(value, (list, dict, type(None))) or not re.fullmatch(pattern, str(value)):
            raise self._bad(key, value, FORM, example)
        return str(value)

    def number(self, key: str, least: int, most: int, example: int, unset: bool = True) -> int:
        """A whole number from ``least`` to ``most``, or 0 where it may be ``unset``."""
        value = str(self.get(key))
        if not (value.isdecimal() and (least <= int(value) <= most or (unset and int(value) == 0))):
            raise self._bad(key, value, f"it must be a whole number from {least} to {most}", str(example))
        return int(value)

    def index(self, key: str) -> str:
        """The address of a package index without a password in it, or an empty text."""
        value, example = str(self.get(key)), "https://example.org/simple"
        if has_password(value):
            raise self._bad(key, refused(value), IN_NETRC, example)
        return self.text(key, r"(https?://\S+)?", example)

    def flag(self, key: str) -> bool:
        """True or false."""
        value = str(self.get(key)).lower()
        if value not in ("true", "false"):
            raise self._bad(key, value, "it must be true or false", "true")
        return value == "true"

    def target(self, key: str) -> str:
        """A backup destination as the agent understands it, or an empty text."""
        value = str(self.get(key))
        try:
            destinations.named(BACKUP_NAME, value or "/")
        except DestinationRefused as error:
            raise self._bad(key, refused(value), str(error.facts["why"]), TARGET_EXAMPLE) from error
        return value

    def cidrs(self, key: str) -> tuple[str, ...]:
        """Address ranges, none of them the whole world; a single address becomes the range of that one."""
        return tuple(str(self._network(key, str(one))) for one in self._parsed(key, list, CIDR_EXAMPLE))

    def _network(self, key: str, value: str) -> ipaddress.IPv4Network:
        try:
            network = ipaddress.ip_network(value)
        except ValueError as error:
            raise self._bad(key, value, str(error), CIDR_EXAMPLE) from error
        if network.prefixlen == 0:
            raise self._bad(key, value, "the whole world could try to log in", CIDR_EXAMPLE)
        if isinstance(network, ipaddress.IPv6Network):
            why = "the host has no IPv6 address: name the IPv4 address that you come from"
            raise self._bad(key, value, why, CIDR_EXAMPLE)
        return network

    def tags(self, key: str) -> dict[str, str]:
        """Tags; those that begin with ``zagent:`` are ours."""
        value = {str(name): str(text) for name, text in self._parsed(key, dict, TAG_EXAMPLE).items()}
        for name in value:
            if name.startswith(("zagent:", "aws:")):
                raise self._bad(key, name, "tags that begin so are not yours to set", TAG_EXAMPLE)
        return value

    def _parsed(self, key: str, wanted: type, example: str) -> Any:
        value = self.get(key)
        try:
            parsed = json.loads(value) if isinstance(value, str) else value
        except ValueError:
            parsed = None
        if not isinstance(parsed, wanted):
            raise self._bad(key, value, FORM, example)
        return parsed

    def _bad(self, key: str, value: object, why: str, example: str) -> BadSetting:
        words = example if example.startswith("--path ") else f"{key} {example}"
        return BadSetting(key=key, file=self.file, value=repr(value), why=why, words=words)
