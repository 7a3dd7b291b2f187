"""The doctor: its order, its limits, and what it says of each state."""

from __future__ import annotations

import json
import tempfile
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner
from zagent.cli.commands import app
from zagent.cli.machine_report import CHECKS
from zagent.doctor import machine_checks, volume_checks
from zagent.doctor.check import Check, Finding, Result, exit_code, ok, run_all, warning
from zagent.errors import INSTALL_ENGINE, DataRootMissing
from zagent.settings import Settings, load
from zagent.volume import disk, marker, mounts


def find(checks: list[Check], name: str, settings: Settings) -> Finding:
    """What the check of that name finds."""
    return next(run_all([one for one in checks if one.name == name], settings)).finding


def diagnosed(root: Path, *more: str) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit code and the findings of `zagent doctor --json`, by check."""
    done = CliRunner().invoke(app, ["--data-root", str(root), "doctor", "--json", *more])
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return done.exit_code, {line["check"]: line for line in lines if "check" in line}


def test_a_fresh_root_lacks_only_the_weights(root: Path) -> None:
    """Everything else is in order; the code is that of the first error, the missing manifest."""
    code, found = diagnosed(root)
    assert code == 20
    lacking = [name for name, one in found.items() if one["severity"] == "error"]
    assert lacking == ["manifest", "sizes", "deep verify", "memory plan"]
    assert "zagent pull" in found["manifest"]["remedy"]


def test_the_checks_come_in_the_order_in_which_one_explains_the_next(root: Path) -> None:
    """The disk before the weights, the weights before the plan."""
    _, found = diagnosed(root)
    assert list(found) == [check.name for check in CHECKS]
    assert CHECKS[0].name == "data root"


def test_the_system_disk_stays_a_warning(root: Path) -> None:
    """Every run says that a reset takes it away and that only a backup elsewhere protects it."""
    _, found = diagnosed(root)
    assert found["disk"]["severity"] == "warning"
    assert "backup elsewhere" in found["disk"]["message"]


def test_a_missing_root_explains_all_that_follows(tmp_path: Path) -> None:
    """The code is that of the root, not of what depends on it."""
    code, found = diagnosed(tmp_path / "nothing")
    assert code == DataRootMissing.exit_code
    assert found["data root"]["severity"] == "error"


def test_one_cause_is_told_once(tmp_path: Path) -> None:
    """What follows from the missing root points to it instead of saying the same again."""
    done = CliRunner().invoke(app, ["--data-root", str(tmp_path / "nothing"), "doctor"])
    assert done.stdout.count("does not exist") == 1
    assert "ERROR    writes         see data root" in done.stdout


def test_nothing_is_written_without_fix(root: Path) -> None:
    """Looking changes nothing, not even a folder."""
    before = sorted(root.rglob("*"))
    diagnosed(root)
    assert sorted(root.rglob("*")) == before


def test_a_check_that_hangs_is_an_error(root: Path) -> None:
    """It is given up after its limit, and the others still run."""
    never = threading.Event()

    def hang(settings: Settings) -> Finding:
        never.wait()
        return ok("")

    checks = [Check("hangs", hang), Check("fine", lambda settings: ok("here"))]
    first, second = run_all(checks, load(root), limit=0.05)
    never.set()
    assert (first.finding.severity, first.finding.message) == ("error", "no answer within 0 s")
    assert second.finding.message == "here"


def test_a_check_that_breaks_is_an_error(root: Path) -> None:
    """The doctor never falls over one of its own checks."""
    (result,) = run_all([Check("broken", lambda settings: ok(str(1 // 0)))], load(root))
    assert result.finding.severity == "error"
    assert "ZeroDivisionError" in result.finding.message


def test_the_exit_code_is_the_first_errors_own() -> None:
    """Warnings are none."""
    results = [Result("a", ok("")), Result("b", warning("")), Result("c", Finding("error", "", exit_code=17))]
    assert exit_code(results) == 17
    assert exit_code(results[:2]) == 0


def test_weights_in_a_cache_off_the_root_are_found(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guide's trap: a filled cache on the system disk, by variable or by default."""
    stray = Path.home() / ".cache" / "modelscope"
    stray.mkdir(parents=True)
    monkeypatch.setattr("zagent.volume.space.used", lambda path: 32 * 10**9)
    found = find(volume_checks.CHECKS, "stray caches", load(root))
    assert found.severity == "warning"
    assert str(stray) in found.message
    assert f"zagent weights adopt {stray}" in found.remedy


def test_a_cache_variable_off_the_root_is_an_error(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MODELSCOPE_CACHE on the system disk would put the weights there."""
    monkeypatch.setenv("MODELSCOPE_CACHE", "/root/workspace/model_cache")
    found = find(volume_checks.CHECKS, "variables", load(root))
    assert (found.severity, found.exit_code) == ("error", 28)


def test_little_space_is_a_warning(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under 5 GB free the person should look."""
    from zagent.volume.space import Space

    monkeypatch.setattr("zagent.volume.space.of", lambda path: Space(100 * 10**9, 10**9))
    assert find(volume_checks.CHECKS, "free space", load(root)).severity == "warning"


def test_the_gpu_is_read_from_the_drivers_own_tool() -> None:
    """Name, driver, and memory in bytes."""
    line = "NVIDIA GeForce RTX 4090 D, 570.86.15, 23670, 24564\n"
    assert machine_checks.parse_gpu(line) == ("NVIDIA GeForce RTX 4090 D", "570.86.15", 23670 << 20, 24564 << 20)


def test_a_gpu_without_memory_of_its_own_takes_the_machines(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver has no figure for it."""
    monkeypatch.setattr(machine_checks, "_nvidia_smi", lambda: "NVIDIA GB10, 580.95.05, [N/A], [N/A]\n")
    found = find(machine_checks.CHECKS, "GPU", load(root))
    assert (found.severity, "shares the machine's memory" in found.message) == ("ok", True)
    assert "failed" not in find(machine_checks.CHECKS, "memory plan", load(root)).message


def test_a_machine_without_a_gpu_is_a_warning(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Images would be made on the CPU."""
    monkeypatch.setattr(machine_checks, "_nvidia_smi", lambda: None)
    assert find(machine_checks.CHECKS, "GPU", load(root)).severity == "warning"


def test_versions_that_are_too_old_are_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older diffusers walks another schedule."""
    monkeypatch.setattr(machine_checks, "ENGINE", {**machine_checks.ENGINE, "diffusers": (99, 0)})
    found = find(machine_checks.CHECKS, "versions", load(root))
    assert found.severity == "warning"
    assert "too old: diffusers" in found.message


def test_a_missing_engine_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A light install says what to add."""
    monkeypatch.setattr(machine_checks, "ENGINE", {"no-such-engine": (1, 0)})
    found = find(machine_checks.CHECKS, "versions", load(root))
    assert (found.severity, found.remedy) == ("error", INSTALL_ENGINE)


def test_a_root_in_memory_is_a_warning(tmp_path: Path) -> None:
    """A tmpfs that was accepted once is still gone after a boot."""
    memory = Path("/dev/shm")
    mount = mounts.of(memory)
    if mount is None or mount.fs_type != "tmpfs":
        pytest.skip("/dev/shm is no tmpfs here")
    with tempfile.TemporaryDirectory(dir=memory) as name:
        root = Path(name)
        marker.write(root, marker.new("other", "tmpfs", disk.filesystem_uuid(root)))
        assert find(volume_checks.CHECKS, "disk", load(root)).severity == "warning"
