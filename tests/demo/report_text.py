"""How the report writes numbers and what programs said."""

from __future__ import annotations

import re
from pathlib import Path

from markupsafe import Markup

REPOSITORY = Path(__file__).parent.parent.parent

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
"""A terminal's control sequence, as ECMA-48 has it (5.4)."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
"""Control characters, which HTML forbids; tabs and line feeds stay."""


def plain(text: str) -> str:
    """``text`` without colours, and with paths of this clone as one types them in it."""
    return _CONTROL.sub("", _ESCAPE.sub("", text)).replace(f"{REPOSITORY}/", "")


def count(number: int) -> str:
    """Like "1,697,642"."""
    return f"{number:,}"


def seconds(number: float) -> str:
    """Like "117.6 s"; what took hardly any time did take some."""
    return "< 0.1 s" if number < 0.05 else f"{number:.1f} s"


def duration(number: float) -> str:
    """Like "8.4 s" or "12 min 05 s"."""
    minutes, rest = divmod(round(number), 60)
    return f"{minutes} min {rest:02} s" if minutes else seconds(number)


def quoted(text: str) -> Markup:
    """``text``, escaped, with what stands in backticks as code."""
    parts = text.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(one) if at % 2 else one for at, one in enumerate(parts))
