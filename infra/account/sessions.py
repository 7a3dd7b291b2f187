"""SSH through AWS's Session Manager: no open port, no public address needed to come in. Pure."""

from __future__ import annotations

import shlex

from infra.account.access import Access


def proxy_command(access: Access) -> str:
    """OpenSSH's ProxyCommand for a host that is named by its instance id (AWS, "SSH connections through …")."""
    words = ["aws", "ssm", "start-session", "--target", "%h", "--document-name", "AWS-StartSSHSession"]
    words += ["--parameters", "portNumber=%p"]
    words += ["--region", access.region_name] if access.region_name else []
    words += ["--profile", access.profile] if access.profile else []
    return shlex.join(words)


def ssh(user: str, address: str, proxy: str = "") -> str:
    """The line that a person types to log in."""
    way = ["-o", f"ProxyCommand={proxy}"] if proxy else []
    return shlex.join(["ssh", *way, f"{user}@{address}"])
