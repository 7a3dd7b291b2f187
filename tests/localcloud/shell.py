"""The variables of a shell in which plain ``pulumi`` and boto3 work on a local cloud."""

from __future__ import annotations

import os
from collections.abc import Mapping
from shlex import quote

from tests.localcloud.cloud.region import REGION
from tests.localcloud.state import State


def environment(state: State, endpoint: str, path: str) -> dict[str, str]:
    """The variables and their values; ``path`` is the PATH that they extend.

    The keys are no account's, so that whatever strays to AWS itself is refused there.
    """
    others = [one for one in path.split(os.pathsep) if one != str(state.bin)]
    return {
        "PATH": os.pathsep.join([str(state.bin), *others]),
        "PULUMI_HOME": str(state.pulumi_home),
        "PULUMI_BACKEND_URL": f"file://{state.backend}",
        "PULUMI_CONFIG_PASSPHRASE": "local",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",  # those of another CLI on PATH would be taken, with a warning
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",  # a profile may say true
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,  # boto3's name for it
        "AWS_ACCESS_KEY_ID": "localcloud",
        "AWS_SECRET_ACCESS_KEY": "localcloud",
    }


def exports(variables: Mapping[str, str]) -> str:
    """Lines that sh, bash and zsh evaluate to these variables."""
    return "\n".join(f"export {name}={quote(value)}" for name, value in variables.items())
