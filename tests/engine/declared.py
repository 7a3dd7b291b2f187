"""A project with the product's own program, but for the bootstrap, and the settings that each person makes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tests import login_key
from tests.engine.recorded import PROGRAM
from tests.localcloud.local import LocalCloud
from tests.localcloud.project import Project
from tests.localcloud.state import REPOSITORY


def declared(cloud: LocalCloud, folder: Path, variables: Mapping[str, str]) -> Project:
    """The project in ``folder``, its stack not up yet; who may log in is set, and with which key."""
    (folder / "stacks").mkdir()
    own = {"PULUMI_BACKEND_URL": f"file://{folder}/stacks", **variables}
    declaration = (REPOSITORY / "Pulumi.yaml").read_text()
    project = Project(folder / "project", {**os.environ, **cloud.environment(), **own}, declaration)
    project.write(PROGRAM)
    project.run("config", "set", "--path", "sshCidrs[0]", "127.0.0.0/8")
    project.run("config", "set", "sshPrivateKeyFile", str(login_key.written(folder / "key")))
    return project
