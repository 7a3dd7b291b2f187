"""Policy packs on the real engine, run by our language host."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.localcloud.orphans import ends_with_its_starter
from tests.localcloud.project import Project
from tests.localcloud.state import REPOSITORY
from tests.localcloud.waiting import until

PRODUCT = REPOSITORY / "infra/policy"
COMMAND = [sys.executable, "-I", "-u", "-m", "tests.localcloud.policy", "127.0.0.1:1", str(PRODUCT)]

PROGRAM = """
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Anything(ResourceProvider):
    def create(self, props):
        return CreateResult("made", props)

class Thing(Resource):
    pass

Thing(Anything(), "thing", {"colour": "red"})
"""

PACK = """
import os
from pathlib import Path

from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

Path("seen").write_text(os.environ["FROM_THE_SHELL"] + f" {os.getpid()}")

def not_red(args, report):
    if args.props.get("colour") == "red":
        report("red is taken")

PolicyPack("colours", [ResourceValidationPolicy("not-red", "Nothing is red", not_red)], EnforcementLevel.MANDATORY)
"""


def pack(project: Project, program: str) -> Path:
    """A pack with this program, beside the project."""
    folder = project.folder / "pack"
    folder.mkdir()
    (folder / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (folder / "__main__.py").write_text(program)
    return folder


@pytest.mark.cloud
def test_a_pack_runs_in_its_own_folder_and_ends_with_the_run(project: Project) -> None:
    """It refuses what it should, sees the shell's variables, and no process is left; the engine has no complaint."""
    project.variables = dict(project.variables, FROM_THE_SHELL="seen")
    project.write(PROGRAM)
    folder = pack(project, PACK)
    code, said = project.try_to("preview", "--policy-pack", str(folder))
    assert code != 0
    assert "red is taken" in said
    assert not any(word in said for word in ("Traceback", "warning", "NotImplemented", "UNIMPLEMENTED"))
    variable, pid = (folder / "seen").read_text().split()
    assert variable == "seen"
    until(lambda: not Path(f"/proc/{pid}").exists())


@pytest.mark.cloud
def test_a_pack_that_can_not_start_says_why(project: Project) -> None:
    """Its last words reach whoever called the engine."""
    project.write(PROGRAM)
    code, said = project.try_to("preview", "--policy-pack", str(pack(project, 'raise SystemExit("not today")\n')))
    assert code != 0
    assert "not today" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_pack_ends_quietly_when_told_to(number: signal.Signals) -> None:
    """A signal ends it with success and no word on either stream but its port."""
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=PRODUCT) as running:
        assert running.stdout is not None
        assert int(running.stdout.readline()) > 0
        os.kill(running.pid, number)
        assert running.communicate(timeout=60) == ("", "")
    assert running.returncode == 0


def test_a_pack_ends_when_its_host_is_killed() -> None:
    """A killed host interrupts nobody."""
    ends_with_its_starter(COMMAND, PRODUCT)
