"""Dynamic providers on the real engine: resources whose life is Python of the project."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.localcloud.orphans import ends_with_its_starter
from tests.localcloud.project import Project

PROVIDER = """
import json
import shlex
import subprocess
import sys
from pathlib import Path
from pulumi import dynamic

class FileProvider(dynamic.ResourceProvider):
    def check(self, olds, news):
        return dynamic.CheckResult(news, [])

    def create(self, inputs):
        Path(inputs["path"]).write_text(json.dumps(["created", inputs["text"]]))
        return dynamic.CreateResult(inputs["path"], inputs)

    def diff(self, id, olds, news):
        return dynamic.DiffResult(changes=olds["text"] != news["text"])

    def update(self, id, olds, news):
        Path(id).write_text(json.dumps(["updated", news["text"]]))
        return dynamic.UpdateResult(news)

    def delete(self, id, inputs):
        Path(id).write_text(json.dumps(["deleted", inputs["text"]]))
        print("deleting", id, flush=True)

class File(dynamic.Resource):
    def __init__(self, name, path, text):
        super().__init__(FileProvider(), name, {"path": path, "text": text})
"""


def declare(project: Project, path: Path, text: str) -> None:
    """A program with one such resource."""
    project.write(f"from file import File\nFile('one', {str(path)!r}, {text!r})\n", {"file.py": PROVIDER})


@pytest.mark.cloud
def test_create_update_and_delete_run_in_the_projects_python(project: Project, tmp_path: Path) -> None:
    """Each step of the resource's life is called once with its inputs; what it prints reaches the person."""
    path = tmp_path / "file.json"
    declare(project, path, "first")
    project.up()
    assert json.loads(path.read_text()) == ["created", "first"]
    declare(project, path, "second")
    project.up()
    assert json.loads(path.read_text()) == ["updated", "second"]
    path.unlink()
    project.up()
    assert not path.exists(), "nothing changed, so nothing may have been called"
    assert f"deleting {path}" in project.run("destroy", "--yes", "--skip-preview")
    assert json.loads(path.read_text()) == ["deleted", "second"]


def test_the_provider_ends_when_its_engine_is_killed() -> None:
    """A killed engine interrupts nobody."""
    ends_with_its_starter([sys.executable, "-u", "-m", "tests.localcloud.dynamic", "engine"])
