"""Which Pulumi CLI is taken, and what is said when there can be none."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from tests.localcloud import cache, pulumi_cli
from tests.localcloud.errors import LocalCloudError


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, empty; nothing is cached, and there is no internet."""
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(cache, "HOME", tmp_path / "cache")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # where nobody listens
    return folder


def program(path: Path, name: str, script: str) -> Path:
    """A program on PATH."""
    made = path / name
    made.write_text(f"#!/bin/sh\n{script}\n")
    made.chmod(0o755)
    return made


def test_a_cli_of_the_sdks_minor_is_taken_from_path(path: Path) -> None:
    """Another patch release fits; a link is followed, as plug-ins lie beside the real file."""
    minor = ".".join(version("pulumi").split(".")[:2])
    real = program(path, "real", f"echo v{minor}.99")
    (path / "pulumi").symlink_to(real)
    assert pulumi_cli.find() == real.resolve()


@pytest.mark.parametrize("script", ["echo v3.100.0", "echo v2.259.0", "echo", "exit 1", "echo not a version"])
def test_a_cli_that_does_not_fit_is_not_taken(path: Path, script: str) -> None:
    """An older one, another major, one that can't say what it is."""
    program(path, "pulumi", script)
    assert pulumi_cli.find() is None


def test_a_missing_go_is_told(path: Path) -> None:
    """Neither CLI nor internet nor Go: what is missing, and how to get it."""
    with pytest.raises(LocalCloudError, match=r"Go is not installed(.|\n)*go\.dev"):
        pulumi_cli.obtain(lambda _: None)
    [missing] = pulumi_cli.missing()
    assert "Go is not installed" in missing.why


def test_a_go_that_is_too_old_is_told(path: Path) -> None:
    """Go before 1.21 can't fetch the toolchain that the CLI needs."""
    program(path, "go", "echo go version go1.19.8 linux/amd64")
    with pytest.raises(LocalCloudError, match=r"go1\.19\.8(.|\n)*1\.21"):
        pulumi_cli.obtain(lambda _: None)


def test_a_failed_build_shows_why_and_leaves_nothing(path: Path) -> None:
    """The compiler's last words are in the error, and nothing half made is taken the next time."""
    program(path, "go", '[ "$1" = version ] && echo go version go1.26.0 linux/amd64 || { echo no room >&2; exit 1; }')
    assert not pulumi_cli.missing()
    with pytest.raises(LocalCloudError, match="no room"):
        pulumi_cli.obtain(lambda _: None)
    assert pulumi_cli.find() is None


def test_the_source_has_the_sdks_minor() -> None:
    """go.mod and the Python lock file pin the same minor version."""
    assert pulumi_cli.source_version().split(".")[:2] == version("pulumi").split(".")[:2]
