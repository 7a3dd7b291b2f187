"""The demonstration as people see it: the whole promise, with the agent alone and through a cloud with real hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.demo.__main__ import PICTURES, STACK_FILE
from tests.demo.report import NAME
from tests.demo.test_demo import proved, start, temporary
from tests.localcloud.parts import missing

__all__ = ["temporary"]

pytestmark = [pytest.mark.engine, pytest.mark.vm, pytest.mark.timeout(4800)]


def test_the_promise_holds(temporary: Path) -> None:
    """Weights come once; whatever happens then, the same picture is made with 0 bytes, and only the volume is left."""
    if lacking := missing():
        pytest.skip("; ".join(map(str, lacking)))
    done = start(temporary)
    out, _ = done.communicate()
    assert done.returncode == 0, out
    for step in ("generate, after the reset", "generate, on the new host"):
        row = proved(out, step)
        assert " 0 B " in row
        assert "every pixel equal" in row
    assert " 0 B " in proved(out, "zagent cloud reset")
    assert (PICTURES / NAME).exists()
    assert not STACK_FILE.exists()
    assert not list(temporary.glob("zagent-*"))
