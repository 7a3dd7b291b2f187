"""The infrastructure program's figure: what its questions and declarations add to a preview."""

from __future__ import annotations

import os
from pathlib import Path
from statistics import median

from tests.bench.figures import Figure
from tests.bench.process import measure, paired
from tests.engine.declared import declared
from tests.engine.recorded import DIARY
from tests.localcloud.local import LocalCloud
from tests.localcloud.project import Project

EMPTY = """
import pulumi_aws as aws
from infra.components.host_key import HostKey

aws.get_region()
HostKey("key")
"""
"""A program of next to nothing: the engine starts the AWS provider for its question, and Pulumi's own for its key."""

MOST = 2.0


def measured(work: Path, pairs: int) -> list[Figure]:
    """All of them, in the folder ``work``."""
    with LocalCloud(work / "cloud", hosts=False) as cloud:
        (work / "ours").mkdir()
        ours = declared(cloud, work / "ours", {DIARY: str(work / "diary")})
        ours.up()
        empty = Project(work / "empty", {**os.environ, **cloud.environment()})
        empty.write(EMPTY)
        empty.up()
        return [_preview(ours, empty, pairs)]


def _preview(ours: Project, empty: Project, pairs: int) -> Figure:
    """`pulumi preview` of a stack that is as wanted, beside that of an empty one."""
    previews, empties = paired(lambda: _seconds(ours), lambda: _seconds(empty), pairs)
    more = median(one - two for one, two in zip(previews, empties, strict=True))
    detail = f"{median(previews):.2f} s against {median(empties):.2f} s"
    return Figure("pulumi preview over an empty program", more, "s more", f"<= {MOST:.0f}", more <= MOST, detail)


def _seconds(project: Project) -> float:
    return measure(["pulumi", "preview", "--non-interactive", "-C", str(project.folder)], project.variables).seconds
