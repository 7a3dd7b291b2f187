"""What happens while AWS is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from infra.settings import Settings


def answering(own: Settings, call: str, answer: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """After such a call this happens."""
    real: Any = own.access.ec2._make_api_call  # type: ignore[attr-defined]

    def made(name: str, asked: dict[str, Any]) -> Any:
        found = real(name, asked)
        if name == call:
            answer()
        return found

    monkeypatch.setattr(own.access.ec2, "_make_api_call", made)


def cut_off() -> None:
    """The person has had enough."""
    raise KeyboardInterrupt
