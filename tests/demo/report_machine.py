"""On what the demonstration ran: the machine, and the versions of what was used."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

from zagent import __version__
from zagent.protect.restic import binary as restic
from zagent.weights.digest import cores

from tests.localcloud import plugins, pulumi_cli
from tests.localcloud.bridge import binary
from tests.localcloud.hosts import accelerator, image

UNUSED = "not part of this run"


def machine(*, cloud: bool) -> dict[str, str]:
    """The machine; with a ``cloud``, also what its hosts ran on."""
    return {
        "kernel": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "processor": _processor(),
        "cores": str(cores()),
        "hosts": _hosts() if cloud else UNUSED,
    }


def versions(*, cloud: bool) -> dict[str, str]:
    """What was used; Pulumi and the provider are the ``cloud``'s."""
    return {
        "zagent": __version__,
        "Pulumi": f"CLI {_cli()}, SDK {version('pulumi')}" if cloud else UNUSED,
        "AWS provider": _provider() if cloud else UNUSED,
        "torch": version("torch"),
        "diffusers": version("diffusers"),
        "restic": _restic(),
        "Python": platform.python_version(),
    }


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _hosts() -> str:
    """As the first of them found out."""
    made = image.find()
    kvm = made is not None and accelerator.best(made.kernel) == accelerator.KVM
    return "QEMU with KVM" if kvm else "QEMU, emulated without KVM"


def _cli() -> str:
    quiet = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    said = subprocess.run([str(pulumi_cli.find()), "version"], capture_output=True, text=True, env=quiet)
    return said.stdout.strip().removeprefix("v")


def _restic() -> str:
    found = restic.find()
    return ".".join(map(str, found.version)) if found else UNUSED


def _provider() -> str:
    """The official plug-in wins where it is installed (``tests.localcloud.plugins``)."""
    ours = version("pulumi_aws")
    if "tests.localcloud.bridge" not in str(plugins.provider()):
        return f"pulumi-aws {ours}"
    number = ".".join(map(str, binary.version(binary.find())))
    return f"HashiCorp's {number}, for pulumi-aws {ours}"
