"""What decides an image, and what a machine that can't make one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.localcloud.hosts import image, requirements


def test_every_missing_tool_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also that it takes root."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    told = "\n".join(map(str, image.missing()))
    assert all(f"apt-get install {package}" in told for package in image.PACKAGES.values())
    assert "run it with sudo" in told


def test_the_requirements_are_the_locks_own_lines() -> None:
    """All that torch and the pipeline need, hashes and all, and none of the tools of this project."""
    chosen = requirements.lines(image.LOCK)
    names = {line.split("==")[0] for line in chosen.splitlines() if not line.startswith(" ")}
    assert {"torch", "diffusers", "transformers", "accelerate", "numpy", "nvidia-cublas"} <= names
    assert not {"mypy", "pulumi", "moto"} & names
    assert all(line in image.LOCK.read_text() for line in chosen.splitlines())
    assert chosen.count("--hash") > len(names)


def test_the_rest_of_the_lock_does_not_change_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer tool costs no new image; a newer torch does."""
    before, lock = image.key(), image.LOCK.read_text()
    copy = tmp_path / "requirements.lock"
    monkeypatch.setattr(image, "LOCK", copy)
    copy.write_text(lock.replace("mypy==", "mypy==9"))
    assert image.key() == before
    copy.write_text(lock.replace("torch==", "torch==9"))
    assert image.key() != before
