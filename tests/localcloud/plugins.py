"""What a shell of the local cloud finds first on PATH, and the plug-ins that its Pulumi engine starts.

The engine looks for a plug-in beside the CLI, where the official one brings its own, and then in the cache of plug-ins
in PULUMI_HOME. Ours lie in that cache, so the official ones win where they are; on PATH they would be used, too, but
with a warning at each run.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from shlex import quote

from tests.localcloud.bridge import binary
from tests.localcloud.errors import Missing
from tests.localcloud.state import State

PYTHON = quote(sys.executable)
"""This clone's interpreter. Isolated (-I), it takes no module of ours from the folder of the program it runs."""


def install(state: State, cli: Path) -> None:
    """Lay out ``bin`` with the CLI and zagent, and the plug-ins; what was there is replaced.

    Without an AWS provider its plug-in is left out: the engine then tries to download the official one.
    """
    _link(state.bin / "pulumi", cli)
    _link(state.bin / "zagent", Path(sys.executable).parent / "zagent")
    sdk, aws = version("pulumi"), provider()
    _plugin(state, "language-python", sdk, f"{PYTHON} -I -u -m tests.localcloud.language")
    _plugin(state, "resource-pulumi-python", sdk, f"{PYTHON} -u -m tests.localcloud.dynamic")
    if isinstance(aws, str):
        _plugin(state, "resource-aws", version("pulumi_aws"), aws)


def missing() -> list[Missing]:
    """Why no AWS provider can be had here; empty if there is one."""
    found = provider()
    remedy = f"or where the internet is: pulumi plugin install resource aws v{version('pulumi_aws')}"
    return [] if isinstance(found, str) else [Missing("the AWS provider", str(found), remedy)]


def provider() -> str | binary.ProviderMissing:
    """The command of the official provider where it is installed, else of the bridge to Terraform's, or why neither."""
    official = Path.home() / f".pulumi/plugins/resource-aws-v{version('pulumi_aws')}/pulumi-resource-aws"
    if official.is_file():
        return quote(str(official))
    try:
        binary.find()
    except binary.ProviderMissing as error:
        return error
    return f"{PYTHON} -I -u -m tests.localcloud.bridge"


def _plugin(state: State, name: str, number: str, command: str) -> None:
    """A plug-in of the cache, which is an executable in a folder with its name and version."""
    folder = state.pulumi_home / "plugins" / f"{name}-v{number}"
    folder.mkdir(parents=True, exist_ok=True)
    executable = folder / f"pulumi-{name}"
    executable.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    executable.chmod(0o755)


def _link(link: Path, target: Path) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(target)
