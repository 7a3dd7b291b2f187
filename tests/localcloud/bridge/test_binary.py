"""Where the provider is looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.localcloud.bridge import binary


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder in which providers may lie."""
    monkeypatch.setattr(binary, "folders", lambda: iter([tmp_path / "mirror"]))
    return tmp_path / "mirror"


def _put(folder: Path, version: str) -> Path:
    target = folder / "registry.example/hashicorp/aws" / version / binary._target()
    target.mkdir(parents=True)
    provider = target / f"terraform-provider-aws_v{version}_x5"
    provider.touch()
    return provider


def test_the_newest_is_taken(mirror: Path) -> None:
    """By number: 5.100 is newer than 5.99, although it comes first in the alphabet."""
    newest = _put(mirror, "5.100.0")
    _put(mirror, "5.99.1")
    assert binary.find() == newest
    assert binary.version(newest) == (5, 100, 0)


def test_the_named_one_comes_first(mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable decides, and is no hint: what it names has to be there."""
    _put(mirror, "5.100.0")
    monkeypatch.setenv(binary.NAMED, str(tmp_path / "own"))
    with pytest.raises(binary.ProviderMissing, match="there is no such file"):
        binary.find()
    (tmp_path / "own").touch()
    assert binary.find() == tmp_path / "own"


def test_without_one_the_places_and_a_way_to_get_it_are_told(mirror: Path) -> None:
    """The message says where it was looked for."""
    with pytest.raises(binary.ProviderMissing, match=rf"(?s){mirror}.*{binary.NAMED}.*terraform init"):
        binary.find()


def test_the_mirrors_of_terraforms_configuration_are_looked_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mirror, a cache, both as the configuration file has them, with `~` and variables."""
    file = tmp_path / "terraform.rc"
    file.write_text(
        'plugin_cache_dir = "$HOME/cache"\nprovider_installation {\n  filesystem_mirror {\n    path = "~/m"\n'
    )
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(file))
    monkeypatch.setenv("TF_PLUGIN_CACHE_DIR", "/other")
    assert list(binary.folders())[:4] == [
        Path.home() / "cache",
        Path.home() / "m",
        Path("/other"),
        Path.home() / ".terraform.d/plugins",
    ]
