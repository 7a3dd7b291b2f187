"""``zagent cloud ssh``: the line by which OpenSSH reaches a host as we do. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from infra.bootstrap.ssh.login import Login


def words(login: Login, command: Sequence[str] = ()) -> list[str]:
    """The one key, the one host key that is right, and no file of the person's that could say otherwise.

    OpenSSH asks a program for the host key (ssh_config(5), KnownHostsCommand; 8.5 and later), so none is written.
    """
    options = ["IdentitiesOnly=yes"]
    if login.host_key:
        known = f"KnownHostsCommand=/bin/echo {login.known_as} {login.host_key}"
        options += ["UserKnownHostsFile=none", "GlobalKnownHostsFile=none", "StrictHostKeyChecking=yes", known]
    options += [f"ProxyCommand={login.proxy}"] if login.proxy else []
    key = ["-i", str(login.key_file)] if login.key_file else []
    flags = [word for one in options for word in ("-o", one)]
    port = ["-p", str(login.port)] if login.port != 22 else []
    return ["ssh", "-F", "none", *key, *flags, *port, f"{login.user}@{login.address}", *command]


def line(login: Login, command: Sequence[str] = ()) -> str:
    """The same as a person types it."""
    return shlex.join(words(login, command))
