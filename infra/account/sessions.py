"""SSH through AWS's Session Manager: no open port, no public address needed to come in."""

from __future__ import annotations

import shlex
import shutil

from infra.account.access import Access
from infra.errors import NoWayIn

TOOLS = ("aws", "session-manager-plugin")
"""What it needs on the operator's machine."""


def require_tools() -> None:
    """Whether it can be used from here.

    Raises:
        NoWayIn: a tool is missing.
    """
    if missing := [one for one in TOOLS if not shutil.which(one)]:
        raise NoWayIn(tools=" and ".join(missing))


def proxy_command(access: Access) -> str:
    """OpenSSH's ProxyCommand for a host that is named by its instance id (AWS, "SSH connections through …"). Pure."""
    words = ["aws", "ssm", "start-session", "--target", "%h", "--document-name", "AWS-StartSSHSession"]
    words += ["--parameters", "portNumber=%p"]
    words += ["--region", access.region_name] if access.region_name else []
    words += ["--profile", access.profile] if access.profile else []
    return shlex.join(words)


def ssh(user: str, address: str, proxy: str = "") -> str:
    """The line that a person types to log in. Pure."""
    way = ["-o", f"ProxyCommand={proxy}"] if proxy else []
    return shlex.join(["ssh", *way, f"{user}@{address}"])
