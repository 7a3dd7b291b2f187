"""Is this a place for weights? Each file of tests/cases/volume holds facts of a folder, and the verdict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from zagent.errors import UnsuitableVolume
from zagent.volume import suitable
from zagent.volume.adopt import adopt
from zagent.volume.disk import Disk
from zagent.volume.mounts import Mount
from zagent.volume.space import Space

CASES = sorted((Path(__file__).parent.parent / "cases" / "volume").glob("*.json"))


def facts(given: dict[str, Any]) -> suitable.Facts:
    """Facts of a good data disk at /data, but for what is ``given``."""
    mount = {"path": "/data", "root": "/", "fs_type": "xfs", "source": "/dev/nvme1n1", **given.get("mount", {})}
    return suitable.Facts(
        path=Path(given.get("path", "/data")),
        same_filesystem_as_system=given.get("same_filesystem_as_system", False),
        mount=Mount(7, Path(mount["path"]), mount["root"], "259:1", mount["fs_type"], mount["source"], frozenset()),
        fs_uuid="6f1f5e9c-0000-4000-8000-000000000001",
        disks=tuple(_disk(*one) for one in given.get("disks", [["nvme1n1", "vol0aaa"]])),
        system=frozenset(given.get("system", ["nvme0n1"])),
        space=Space(200 * 10**9, given.get("free", 150 * 10**9)),
        cache_size=given.get("cache_size", 0),
    )


def _disk(name: str, serial: str | None, file: str | None = None) -> Disk:
    return Disk(name, 200 * 10**9, serial, file)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_verdict(path: Path) -> None:
    """Reasons, hint, kind and warnings are exactly those of the file; one that accepts says why."""
    case = json.loads(path.read_text())
    found, ask = facts(case["facts"]), suitable.Ask(**case.get("ask", {}))
    refused = case.get("refused", [])
    assert suitable.verdict(found, ask) == refused
    assert suitable.kind(found) == case["kind"]
    assert found.warnings == case.get("warnings", [])
    if refused:
        assert suitable.hint(found, ask) == case["hint"]
    else:
        assert case["why"]
        assert list(found.lineage) == case.get("lineage", [])


def test_there_are_cases() -> None:
    """An empty folder of cases would prove nothing."""
    assert len(CASES) > 20


@pytest.mark.parametrize(
    ("path", "why"),
    [(".zagent", "it lies inside the data root"), ("users/ann", "it lies inside the data root"), ("file", "is a file")],
)
def test_no_data_root_within_another_and_none_that_is_a_file(root: Path, path: str, why: str) -> None:
    """Nothing is written there; a second look at the outer one is as ever."""
    (root / "users/ann").mkdir(parents=True)
    (root / "file").touch()
    ask = suitable.Ask(system_disk=True, minimum_free=0)
    with pytest.raises(UnsuitableVolume, match=why):
        adopt(root / path, ask)
    assert not (root / path / ".zagent").exists()
    assert adopt(root, ask).already
