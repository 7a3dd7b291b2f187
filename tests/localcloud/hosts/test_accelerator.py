"""KVM is believed only when a probe has come back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.localcloud import cache
from tests.localcloud.hosts import accelerator

QEMU = {"works": "exit 0", "refuses": "exit 1", "hangs": "exec sleep 60"}


@pytest.mark.parametrize(("behaviour", "expected"), [("works", "kvm"), ("refuses", "tcg"), ("hangs", "tcg")])
def test_the_probe_decides(behaviour: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guest that hangs is no worse than a QEMU that refuses."""
    fake = tmp_path / "qemu-system-x86_64"
    fake.write_text(f"#!/bin/sh\n{QEMU[behaviour]}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(accelerator, "PROBE_SECONDS", 1)
    monkeypatch.setattr(cache, "HOME", tmp_path / "cache")
    assert accelerator.best(tmp_path / "vmlinuz").startswith(expected)
