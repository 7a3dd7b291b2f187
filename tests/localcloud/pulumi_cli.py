"""The Pulumi CLI: the one on PATH if it fits the SDK, else the official one, else one built from source.

Pulumi's releases can't be had where only package registries are reachable, but its Go modules can: ``cli/go.mod`` and
``cli/go.sum`` pin every source, and the build takes some five minutes once for all clones of a user.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from tests.localcloud import cache
from tests.localcloud.errors import LocalCloudError, Missing

MODULE = Path(__file__).parent / "cli"
PACKAGE = "github.com/pulumi/pulumi/pkg/v3"
VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
"""Without it the CLI prints an empty version, which the SDK's Automation API refuses."""

OLDEST_GO = (1, 21)
"""From here on Go fetches the newer toolchain that go.mod asks for by itself."""

INSTALL_SECONDS = 300
INSTALL = (
    "import socket, sys; socket.setdefaulttimeout(5)\n"  # no internet: known at once, not after minutes
    "from pulumi.automation import PulumiCommand; PulumiCommand.install(sys.argv[1])"
)

Progress = Callable[[str], None]


def find() -> Path | None:
    """A CLI that needs no work: on PATH with the SDK's minor version, or made before."""
    on_path = shutil.which("pulumi")
    if on_path and fits(Path(on_path)):
        return Path(on_path).resolve()
    official = cache.find("pulumi-official", version("pulumi"))
    built = cache.find("pulumi-built", _key())
    return official / "bin/pulumi" if official else built / "pulumi" if built else None


def obtain(progress: Progress) -> Path:
    """The CLI's executable, fetched or built if need be; ``progress`` gets a line before each long step.

    Raises:
        LocalCloudError: there is neither internet nor Go, or the build failed.
    """
    return find() or _installed(progress) or _built(progress)


def missing() -> list[Missing]:
    """Why there can be no CLI here; empty if there is one or Go can build it."""
    why = None if find() or _installed(lambda _: None) else _go_unfit()
    return [Missing("the Pulumi CLI", why, "install it (https://www.pulumi.com/docs/install) or Go")] if why else []


def fits(cli: Path) -> bool:
    """Whether this CLI runs and has the minor version of the Python SDK."""
    return _minor(_version(cli)) == _minor(version("pulumi"))


def _version(cli: Path) -> str:
    """Like "3.259.0"; empty if it can't say."""
    quiet = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        said = subprocess.run([cli, "version"], capture_output=True, text=True, timeout=30, env=quiet)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout.strip().removeprefix("v")


def _minor(number: str) -> list[str]:
    return number.split(".")[:2]


def _installed(progress: Progress) -> Path | None:
    """The official CLI, by the SDK's own installer; None where it can't be reached."""
    progress("Pulumi CLI: asking for the official one")
    try:
        return cache.made("pulumi-official", version("pulumi"), _install) / "bin/pulumi"
    except (OSError, subprocess.SubprocessError):
        return None


def _install(folder: Path) -> None:
    """In a process of its own, which a deadline can end."""
    subprocess.run([sys.executable, "-c", INSTALL, folder], check=True, capture_output=True, timeout=INSTALL_SECONDS)


def _built(progress: Progress) -> Path:
    if why := _go_unfit():
        raise LocalCloudError(
            f"No Pulumi CLI: none of version {'.'.join(_minor(version('pulumi')))} is on PATH, the official installer "
            f"can't be reached, and it can't be built because {why}.\n"
            "Install Go 1.21 or newer (https://go.dev/dl) or the CLI (https://www.pulumi.com/docs/install), then again."
        )
    progress(f"Pulumi CLI: building {source_version()} from source, some 5 minutes on 2 cores, once")
    return cache.made("pulumi-built", _key(), _build) / "pulumi"


def _build(folder: Path) -> None:
    cli = folder / "pulumi"
    flags = f"-s -w -X {VERSION_VARIABLE}=v{source_version()}"
    command = ["go", "build", "-mod=readonly", "-trimpath", "-ldflags", flags, "-o", str(cli), f"{PACKAGE}/cmd/pulumi"]
    made = subprocess.run(command, cwd=MODULE, capture_output=True, text=True)
    if made.returncode:
        raise LocalCloudError(f"Building the Pulumi CLI failed, try it again:\n{made.stderr[-2000:]}")
    if not fits(cli):
        raise LocalCloudError(
            f"{MODULE / 'go.mod'} pins {source_version()}, the SDK is {version('pulumi')}: pin both alike."
        )


def _key() -> str:
    return cache.key_of((MODULE / "go.mod").read_bytes(), (MODULE / "go.sum").read_bytes())


def source_version() -> str:
    """The version that go.mod pins, like "3.259.0"."""
    found = re.search(rf"{re.escape(PACKAGE)} v(\S+)", (MODULE / "go.mod").read_text())
    assert found, "go.mod pins the CLI"
    return found[1]


def _go_unfit() -> str | None:
    """Why Go can't build it, or None."""
    if not shutil.which("go"):
        return "Go is not installed"
    said = subprocess.run(["go", "version"], capture_output=True, text=True).stdout
    found = re.search(r"go(\d+)\.(\d+)", said)
    fit = found and (int(found[1]), int(found[2])) >= OLDEST_GO
    return None if fit else f"`go version` says {said.strip() or 'nothing'!r}, and 1.21 is the oldest that can"
