"""The command line: help, exit codes, and what an error looks like to a person and to a program."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner, Result
from zagent import __version__
from zagent.cli import interrupt, output, plugins
from zagent.cli.commands import app
from zagent.errors import NotAdopted, UsageError

MISSING = "/nowhere/at/all"


def run(*words: str, given: str | bytes = "") -> Result:
    """The command as a person would type it."""
    return CliRunner().invoke(app, ["--data-root", MISSING, *words], prog_name="zagent", input=given)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make `zagent env` raise what is given."""

    def make(error: BaseException) -> None:
        def explode(*_: object, **__: object) -> str:
            raise error

        monkeypatch.setattr("zagent.cli.machine_report.environment", explode)

    return make


def test_without_a_command_the_help_is_shown() -> None:
    """A newcomer who types `zagent` sees what there is."""
    done = CliRunner().invoke(app, [], prog_name="zagent")
    assert "Usage: zagent" in done.output


def test_the_version_is_told() -> None:
    """`zagent --version` needs no data root."""
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"zagent {__version__}\n")


@pytest.mark.parametrize(
    "words",
    [
        ["pull"],
        ["verify"],
        ["fingerprint"],
        ["weights", "path"],
        ["weights", "adopt", "/tmp"],
        ["volume", "show"],
        ["generate", "a fox"],
        ["doctor", "--fix"],
    ],
    ids=" ".join,
)
def test_a_missing_data_root_is_one_clear_error(words: list[str]) -> None:
    """Message, remedy and code 10; nothing on standard output."""
    done = run(*words)
    assert done.exit_code == 10
    assert done.stderr.startswith(f"error: The data root {MISSING} does not exist")
    assert "try:   zagent volume mount" in done.stderr
    assert done.stdout == ""


def test_an_error_is_an_event_for_programs() -> None:
    """With --json a program reads the class, the message, the remedy and the code."""
    done = run("pull", "--json")
    event = json.loads(done.stdout)
    assert (event["event"], event["error"], event["exit_code"]) == ("error", "DataRootMissing", 10)
    assert done.stderr == ""


@pytest.mark.parametrize(
    "words", [["pull", "no-slash"], ["pull", "../../etc/x"], ["pull", "a/b", "--revision", "../x"]]
)
def test_a_name_that_could_lead_elsewhere_is_a_usage_error(words: list[str]) -> None:
    """Model and revision become folders, so they are checked first."""
    assert run("pull", *words).exit_code == UsageError.exit_code


def test_a_wrong_option_is_a_usage_error() -> None:
    """Typer tells it, with code 2."""
    done = run("pull", "--no-such-option")
    assert done.exit_code == 2
    assert "--no-such-option" in done.stderr


def test_an_unforeseen_error_shows_no_traceback(failing: Callable[[BaseException], None]) -> None:
    """It says what it was and asks for a report."""
    failing(ZeroDivisionError("by zero"))
    done = run("env")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[0] == "error: Unexpected ZeroDivisionError: by zero"
    assert "Traceback" not in done.stderr


def test_debug_shows_where_it_began(failing: Callable[[BaseException], None]) -> None:
    """`--debug` adds the traceback of the cause."""
    failing(ZeroDivisionError("by zero"))
    done = CliRunner().invoke(app, ["--debug", "env"])
    assert "ZeroDivisionError: by zero" in done.stderr
    assert "explode" in done.stderr


def test_an_interruption_exits_130(failing: Callable[[BaseException], None]) -> None:
    """As a shell expects of Ctrl-C."""
    failing(KeyboardInterrupt())
    done = run("env")
    assert done.exit_code == 130
    assert "Traceback" not in done.stderr


def test_an_interruption_that_a_library_took_for_an_error_exits_130(
    failing: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while torch is loaded may come out as an ImportError."""
    monkeypatch.setattr(interrupt, "heard", lambda: True)
    failing(ImportError("torch is broken"))
    done = run("env")
    assert done.exit_code == 130
    assert "torch" not in done.stderr


def test_an_interruption_at_the_start_exits_130() -> None:
    """Ctrl-C while the command line itself is loaded: no traceback, also then."""
    script = """
import builtins, os, signal
from zagent.__main__ import main
real = builtins.__import__
def press(name, *args, **more):
    if name == "typer":
        os.kill(os.getpid(), signal.SIGINT)
    return real(name, *args, **more)
builtins.__import__ = press
main()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_an_exit_is_left_alone(failing: Callable[[BaseException], None]) -> None:
    """A command's own exit code passes through."""
    failing(typer.Exit(7))
    assert run("env").exit_code == 7


def test_an_os_error_is_translated(failing: Callable[[BaseException], None]) -> None:
    """A full disk is told as one, wherever it shows."""
    import errno

    failing(OSError(errno.ENOSPC, "No space left on device", "/data/x"))
    done = run("env")
    assert done.exit_code == 15
    assert "/data/x takes no writes: its filesystem is full" in done.stderr


def test_progress_without_a_terminal_is_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """A log gets a line with bytes, rate and time left, and a note as it is."""
    here = output.Output(terminal=False)
    with here.transfer("pulling") as progress:
        progress.interval, progress.clock = 0, iter(float(at) for at in range(10)).__next__
        progress.begin(4_000_000, 4_000_000)
        progress.add(1_000_000)
        progress.say("the line broke")
    said = capsys.readouterr().err.splitlines()
    assert said == ["pulling: 1.00 MB of 4.00 MB, 1.00 MB/s, 3 s left", "the line broke"]


def test_progress_on_a_terminal_is_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    """Rich draws on standard error, so that standard output stays the answer."""
    here = output.Output(terminal=True)
    with here.transfer("pulling") as progress:
        progress.begin(10, 10)
        progress.add(10)
        progress.say("the line broke")
    with here.steps(1, 8) as on_step:
        on_step(0, 8)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "the line broke" in shown.err


def test_a_plug_in_of_another_distribution_is_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is listed after the agent's own commands, and runs; without it there is no such command."""
    plug_in = typer.Typer()
    plug_in.command(help="Water the garden.")(lambda: print("watered"))
    monkeypatch.setattr(plugins, "names", lambda: ["garden"])
    monkeypatch.setattr(plugins, "command", lambda name: get_command(plug_in) if name == "garden" else None)
    listed = CliRunner().invoke(app, ["--help"]).output.splitlines()
    assert listed[-1].split() == ["garden", "Water", "the", "garden."]
    assert run("garden").output == "watered\n"
    assert run("kitchen").exit_code == 2


def test_plug_ins_are_found_by_their_entry_point() -> None:
    """What is installed here besides the agent, under the name that its distribution gave it."""
    assert plugins.names() == ["cloud"]
    assert plugins.command("cloud").name == "cloud"
    assert plugins.command("kitchen") is None


def test_a_plug_in_that_is_broken_leaves_the_others_their_help(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs it is told why."""
    broken = EntryPoint("garden", "nowhere.at.all:app", plugins.GROUP)
    monkeypatch.setattr(plugins, "_installed", lambda: EntryPoints([broken]))
    done = CliRunner().invoke(app, ["--help"])
    assert done.exit_code == 0
    assert "It can't be loaded: No module named 'nowhere'" in done.output
    assert "No module named 'nowhere'" in run("garden", "--flowers", "3").stderr


def test_remedies_name_the_data_root_that_was_named() -> None:
    """Else they would work on another one; what is not ours stays as it is."""
    named = output.Output(root=Path("/my disk"))
    assert named.remedy("zagent pull; df") == "zagent pull; df   (after: export ZAGENT_DATA_ROOT='/my disk')"
    for other in ("chown zagent /x", "zagent cloud status", "zagent generate --help", "run /bin/zagent pull"):
        assert named.remedy(other) == other
    assert run("pull").stderr.endswith("--from COPY   (after: export ZAGENT_DATA_ROOT=/nowhere/at/all)\n")


def test_a_wrong_value_leads_to_the_commands_own_help() -> None:
    """That of all commands has no options."""
    assert "try:   zagent generate --help" in run("generate", "a fox", "-n", "0").stderr


def test_the_environment_of_no_data_root_comes_with_a_warning() -> None:
    """What loads weights then would write to the system disk."""
    done = run("env")
    assert done.exit_code == 0
    assert done.stdout.startswith("export ")
    assert done.stderr.startswith("warning: The data root /nowhere/at/all does not exist")


def test_the_group_may_have_had_the_flag() -> None:
    """`zagent backup --json now` is `zagent backup now --json`."""
    assert json.loads(run("backup", "--json", "now").stdout)["event"] == "error"


@pytest.mark.parametrize("encoding", ["utf-8:strict", "latin-1", "ascii"])
def test_a_name_that_is_no_text_is_shown(tmp_path: Path, encoding: str) -> None:
    """Nor does a locale that lacks letters end a command."""
    folder = tmp_path / "data"
    command = [sys.executable, "-m", "zagent", "--data-root", str(folder)]
    folder.mkdir()
    subprocess.run([*command, "volume", "adopt", folder, "--system-disk"], check=True, capture_output=True)
    Path(os.fsdecode(bytes(folder) + b"/x\xe9")).write_bytes(bytes(10_000))
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([*command, "volume", "show"], env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"x\\udce9" in done.stdout


def test_closed_streams_are_no_error(tmp_path: Path) -> None:
    """As services and shells may have it."""
    command = f"{shlex.quote(sys.executable)} -m zagent --data-root {tmp_path} env 2>&-"
    assert subprocess.run(command, shell=True, capture_output=True, check=False).returncode == 0


def test_a_refusal_names_the_folder() -> None:
    """Messages are filled with their facts."""
    assert "/x is not a data root" in NotAdopted(path="/x", why="w").message
