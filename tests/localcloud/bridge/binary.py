"""Where Terraform keeps the HashiCorp AWS provider on this machine."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

NAMED: Final = "ZAGENT_TERRAFORM_AWS"
"""The variable that names the provider's binary, where it lies in none of Terraform's folders."""


class ProviderMissing(Exception):
    """There is no AWS provider on this machine; the message says where it was looked for and how to get one."""


def find() -> Path:
    """The provider's binary: the named one, or the newest in Terraform's folders.

    Raises:
        ProviderMissing: there is none.
    """
    if named := os.environ.get(NAMED):
        if Path(named).is_file():
            return Path(named)
        raise ProviderMissing(f"{NAMED} names {named}, and there is no such file")
    places = list(folders())
    found = [
        binary for place in places for binary in place.glob(f"*/hashicorp/aws/*/{_target()}/terraform-provider-aws_v*")
    ]
    if not found:
        raise ProviderMissing(
            f"the HashiCorp AWS provider is in none of {', '.join(map(str, places))}; let {NAMED} name its binary:"
            " `terraform init` downloads one where a main.tf requires hashicorp/aws, into .terraform/providers"
        )
    return max(found, key=version)


def version(binary: Path) -> tuple[int, ...]:
    """The version in the name of a provider's binary, as numbers: 5.100.0 is newer than 5.99.0."""
    found = re.search(r"_v(\d+(?:\.\d+)*)", binary.name)
    return tuple(map(int, found[1].split("."))) if found else ()


def folders() -> Iterator[Path]:
    """Terraform's plug-in folders: its configuration's, its cache, those it looks in unasked, and mirrors below /opt.

    The implied ones are those of Terraform's page "CLI configuration file", part "Implied local mirror directories".
    """
    home = Path.home()
    yield from _configured(Path(os.environ.get("TF_CLI_CONFIG_FILE") or home / ".terraformrc"))
    if cache := os.environ.get("TF_PLUGIN_CACHE_DIR"):
        yield Path(cache)
    yield home / ".terraform.d/plugins"
    data = [os.environ.get("XDG_DATA_HOME") or str(home / ".local/share")]
    data += (os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    yield from (Path(one) / "terraform/plugins" for one in data)
    yield from sorted(Path("/opt").glob("*/"))


def _configured(file: Path) -> Iterator[Path]:
    """The mirrors and the cache that a configuration file names."""
    try:
        text = file.read_text()
    except OSError:
        return
    for name in re.findall(r'^\s*(?:path|plugin_cache_dir)\s*=\s*"([^"]+)"', text, re.MULTILINE):
        yield Path(os.path.expandvars(name)).expanduser()


def _target() -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{platform.system().lower()}_{machine}"
