"""Programs on the real engine, run by our language host."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.localcloud.orphans import ends_with_its_starter
from tests.localcloud.process import Process
from tests.localcloud.project import Project
from tests.localcloud.waiting import until

COMMAND = [sys.executable, "-I", "-u", "-m", "tests.localcloud.language"]


@pytest.mark.cloud
def test_each_run_is_a_fresh_process_in_the_programs_folder(project: Project) -> None:
    """Nothing is left in memory from the run before, and the program sees the shell's variables and its own folder."""
    project.variables = dict(project.variables, FROM_THE_SHELL="seen")
    project.write(
        """
        import os, pulumi, neighbour
        neighbour.runs.append(1)
        pulumi.export("pid", os.getpid())
        pulumi.export("runs", len(neighbour.runs))
        pulumi.export("folder", os.getcwd())
        pulumi.export("variable", os.environ["FROM_THE_SHELL"])
        """,
        {"neighbour.py": "runs = []\n"},
    )
    project.up()
    first = project.outputs()
    project.up()
    second = project.outputs()
    assert second.pop("pid") != first.pop("pid")
    assert first == second == {"runs": 1, "folder": str(project.program.parent), "variable": "seen"}


@pytest.mark.cloud
def test_a_program_that_raises_shows_its_traceback(project: Project) -> None:
    """`pulumi up` fails and says where in the program and why."""
    project.write('raise ValueError("no good")\n')
    code, said = project.try_to("up", "--yes", "--skip-preview")
    assert code != 0
    assert f'File "{project.program}", line 1' in said
    assert "ValueError: no good" in said


@pytest.mark.cloud
def test_an_error_meant_for_people_is_told_without_a_traceback(project: Project) -> None:
    """pulumi.RunError shows its message and nothing else, once among the diagnostics."""
    project.write('import pulumi\nraise pulumi.RunError("the zone is full")\n')
    code, said = project.try_to("up", "--yes", "--skip-preview")
    assert code != 0
    assert "Traceback" not in said
    assert said.partition("Diagnostics:")[2].count("the zone is full") == 1


@pytest.mark.cloud
def test_the_engine_takes_the_plugins_without_a_warning(project: Project) -> None:
    """Where they lie is where the engine looks for them: no "using … from $PATH" at each run."""
    project.write("")
    assert "warning" not in project.up()


@pytest.mark.cloud
def test_an_interrupted_run_leaves_no_program_behind(project: Project, tmp_path: Path) -> None:
    """Ctrl-C ends `pulumi up` although the program never returns, and the program with it."""
    told = tmp_path / "pid"
    project.write(
        f"""
        import os, pathlib, time
        pathlib.Path({str(told)!r} + ".part").write_text(str(os.getpid()))
        os.rename({str(told)!r} + ".part", {str(told)!r})
        while True:
            time.sleep(1)
        """
    )
    with project.begin("up", "--yes", "--skip-preview") as command:
        until(told.exists)
        program = Process.of(int(told.read_text()))
        command.send_signal(signal.SIGINT)
        command.communicate(timeout=60)
    assert command.returncode != 0
    until(lambda: not program.alive())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_language_host_ends_quietly_when_told_to(number: signal.Signals) -> None:
    """A signal ends it with success and no word on either stream but its port."""
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        assert int(host.stdout.readline()) > 0
        os.kill(host.pid, number)
        assert host.communicate(timeout=60) == ("", "")
    assert host.returncode == 0


def test_the_language_host_ends_when_its_engine_is_killed() -> None:
    """A killed engine interrupts nobody."""
    ends_with_its_starter(COMMAND)
