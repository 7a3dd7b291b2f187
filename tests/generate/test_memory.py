"""The memory plan: real parameter counts, many machines; and how much memory a process may take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from zagent.errors import MemoryShort
from zagent.generate import memory
from zagent.generate.facts import ModelFacts
from zagent.generate.request import Size, parse_size

CASES = sorted((Path(__file__).parent.parent / "cases/memory").glob("*.json"))

REAL = ModelFacts(
    parameters={"text_encoder": 4_022_468_096, "transformer": 6_154_908_736, "vae": 83_819_683},
    largest=Size(8192, 8192),
    vae_width=128,
    transformer_width=3840,
)
"""Z-Image-Turbo, counted from its configurations."""

GB = 10**9


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_machine_gets_its_plan(case: Path) -> None:
    """For each machine and size the plan is the expected one, or the refusal has the figures."""
    told: dict[str, Any] = json.loads(case.read_text())
    size = parse_size(told["size"])
    room = memory.Room(told["device"], "the device", told["ram"], told["free"], told["free"])
    wanted = memory.need(REAL, size, told["precision"])
    if "plan" in told:
        assert memory.choose(wanted, room, size).name == told["plan"]
        return
    with pytest.raises(MemoryShort) as caught:
        memory.choose(wanted, room, size)
    for words in told["refused"]:
        assert words in f"{caught.value.message} {caught.value.advice}"


def test_a_plan_shows_its_figures() -> None:
    """The reason of a plan says how much is taken of how much."""
    size = Size(1024, 1024)
    plan = memory.choose(memory.need(REAL, size, "bfloat16"), memory.Room("cuda", "a card", 64 * GB, 80 * GB), size)
    assert plan.why == "25.82 GB of 80.00 GB free GPU memory"


def test_plans_end_with_the_smallest() -> None:
    """After all resident comes one at a time, and after that nothing."""
    smaller = memory.Plan(True, "").smaller()
    assert smaller is not None
    assert not smaller.resident
    assert smaller.smaller() is None


def machine(folder: Path, groups: str, available: int = 64 * GB) -> Path:
    """A /proc with that much memory and those lines in self/cgroup."""
    (folder / "self").mkdir(parents=True)
    (folder / "meminfo").write_text(f"MemTotal: 1 kB\nMemAvailable: {available // 1024} kB\nSwapFree: 0 kB\n")
    (folder / "self/cgroup").write_text(groups)
    return folder


def version_2(folder: Path, limit: str, used: int = 0, inactive: int = 0, active: int = 0) -> None:
    """A cgroup of version 2."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon {used}\ninactive_file {inactive}\nactive_file {active}\n")


def version_1(folder: Path, limit: int, used: int = 0, own: int = 0, total: int = 0) -> None:
    """A memory cgroup of version 1; ``own`` and ``total`` are inactive file pages without and with those below."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.limit_in_bytes").write_text(f"{limit}\n")
    (folder / "memory.usage_in_bytes").write_text(f"{used}\n")
    stat = f"inactive_file {own}\nactive_file 0\ntotal_inactive_file {total}\ntotal_active_file 0\n"
    (folder / "memory.stat").write_text(stat)


def test_without_limits_the_machine_decides(tmp_path: Path) -> None:
    """No cgroup file at all, or only "max", leaves what the machine has."""
    proc = machine(tmp_path / "proc", "0::/user.slice\n", 8 * GB)
    assert memory.available(proc, tmp_path / "none") == pytest.approx(8 * GB, abs=1024)
    version_2(tmp_path / "cg/user.slice", "max", used=5 * GB)
    assert memory.available(proc, tmp_path / "cg") == pytest.approx(8 * GB, abs=1024)


def test_a_machine_without_cgroups_is_no_error(tmp_path: Path) -> None:
    """Where /proc tells no cgroup, the machine decides."""
    proc = machine(tmp_path / "proc", "", 8 * GB)
    (proc / "self/cgroup").unlink()
    assert memory.available(proc, tmp_path) == pytest.approx(8 * GB, abs=1024)


def test_the_tightest_group_above_decides(tmp_path: Path) -> None:
    """A limit on any parent holds, less what is used there; a group beside the path does not."""
    proc, cg = machine(tmp_path / "proc", "0::/a/b/c\n"), tmp_path / "cg"
    version_2(cg / "a/b/c", "max")
    version_2(cg / "a/b", str(16 * GB), used=2 * GB)
    version_2(cg / "a", str(10 * GB), used=3 * GB)
    version_2(cg / "a/other", str(1 * GB))
    assert memory.available(proc, cg) == 7 * GB


def test_pages_of_files_count_as_free(tmp_path: Path) -> None:
    """Weights just downloaded fill the cache of the group, active and inactive; the kernel takes both back."""
    proc, cg = machine(tmp_path / "proc", "0::/a\n"), tmp_path / "cg"
    version_2(cg / "a", str(32 * GB), used=31 * GB, inactive=10 * GB, active=15 * GB)
    assert memory.available(proc, cg) == 26 * GB


def test_a_full_group_leaves_nothing(tmp_path: Path) -> None:
    """More in use than allowed is nothing left, not less than nothing."""
    proc, cg = machine(tmp_path / "proc", "0::/a\n"), tmp_path / "cg"
    version_2(cg / "a", str(1 * GB), used=2 * GB)
    assert memory.available(proc, cg) == 0


def test_version_1_counts_the_groups_below(tmp_path: Path) -> None:
    """The older interface: the memory controller's own tree, and cached pages of the whole subtree."""
    proc, cg = machine(tmp_path / "proc", "5:cpu,cpuacct:/x\n4:memory:/docker/1\n0::/\n"), tmp_path / "cg"
    version_1(cg / "memory/docker/1", 8 * GB, used=6 * GB, own=1, total=3 * GB)
    version_1(cg / "memory", 2**63 - 4096, used=7 * GB)
    assert memory.available(proc, cg) == 5 * GB


def test_inside_a_container_the_mount_itself_is_asked(tmp_path: Path) -> None:
    """The path may be the host's and absent here; then the limit stands at the mount."""
    proc, cg = machine(tmp_path / "proc", "4:memory:/docker/123\n"), tmp_path / "cg"
    version_1(cg / "memory", 4 * GB, used=1 * GB)
    assert memory.available(proc, cg) == 3 * GB


def test_a_path_out_of_the_namespace_is_no_error(tmp_path: Path) -> None:
    """A path such as /../.. (another cgroup namespace) reads no file that is not a cgroup's."""
    proc, cg = machine(tmp_path / "proc", "0::/../..\n"), tmp_path / "cg"
    version_2(cg, str(4 * GB))
    assert memory.available(proc, cg) == 4 * GB


def test_this_machine_has_memory() -> None:
    """The real /proc and cgroups are understood."""
    assert memory.available() > 10**6
