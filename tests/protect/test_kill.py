"""kill -9 at every named point of a backup and a restore: the next run heals, and no wrong byte has a final name."""

from __future__ import annotations

import ast
import shutil
import signal
from pathlib import Path

import pytest
import zagent
from zagent import durable
from zagent.weights.verify import verify

from tests.protect.place import NAME, Place
from tests.weights import child, files

PACKAGE = Path(zagent.__file__).parent
AGAIN = {"copying:file-done": 7, "durable:renamed": 9, "durable:temp-written": 9}
"""Points that are passed many times: kill there not only at the first time, but also at this one."""


def names(*kinds: str) -> list[str]:
    """Every point of these kinds, found in the code itself."""
    own = (one for folder in ("protect", "protect/mirror") for one in sorted((PACKAGE / folder).glob("*.py")))
    modules = [PACKAGE / "durable.py", PACKAGE / "weights/copying.py", *own]
    calls = (node for one in modules for node in ast.walk(ast.parse(one.read_text())) if isinstance(node, ast.Call))
    found = [ast.literal_eval(one.args[0]) for one in calls if ast.unparse(one.func) == "points.reached"]
    chosen = [name for name in found if name.startswith(kinds)]
    assert len(chosen) > 4, found
    return chosen


def moments(*kinds: str) -> list[tuple[str, int]]:
    """The points with the number of the passing at which to kill."""
    return [(name, 1) for name in names(*kinds)] + [(one, AGAIN[one]) for one in names(*kinds) if one in AGAIN]


def killed(place: Place, point: str, nth: int, *command: str) -> None:
    """Run the command and see it die at the point."""
    done = child.run("--data-root", str(place.root), *command, point=point, nth=nth)
    assert done.returncode == -signal.SIGKILL, f"{point} was not reached: {done.stdout}{done.stderr}"


def finals(folder: Path) -> dict[str, bytes]:
    """What stands under final names."""
    return {path: content for path, content in files.below(folder).items() if not durable.is_leftover(Path(path))}


@pytest.mark.parametrize(("point", "nth"), moments("mirror:", "copying:", "durable:"))
def test_a_killed_backup_is_finished_by_the_next(place: Place, point: str, nth: int) -> None:
    """A set has its final name only when it is whole; nothing of the dead is left over."""
    place.add()
    killed(place, point, nth, "backup", "now", NAME)
    assert not place.kept.exists() or files.below(place.kept) == files.needed()
    half = place.kept.with_name(f"{place.kept.name}.partial")
    assert finals(half).items() <= files.needed().items()
    already = sum(map(len, finals(half).values())) or sum(map(len, files.below(place.kept).values()))
    assert place.backup().copied == place.wanted.size - already, "what was copied is not copied again"
    assert files.below(place.kept) == files.needed()
    assert [one.name for one in place.mirror.sets(place.wanted).iterdir()] == [place.kept.name]
    assert place.told("restore", "--dry-run")["bytes"] == 0


@pytest.mark.parametrize(("point", "nth"), moments("mirror:", "copying:", "durable:"))
def test_a_new_version_killed_leaves_a_whole_one(mirrored: Place, point: str, nth: int) -> None:
    """Either the old or the new, and what the mirror says it holds is what it holds."""
    old, new = mirrored.kept, files.needed(seed=5)
    mirrored.fill(new)
    killed(mirrored, point, nth, "backup")
    whole = [one for one in (old, mirrored.kept) if one.exists()]
    assert whole
    for one in mirrored.mirror.sets(mirrored.wanted).iterdir():
        content = files.below(one) if one in whole else None
        assert content in (None, files.needed(), new)
    mirrored.backup()
    assert files.below(mirrored.kept) == new
    assert not old.exists()


@pytest.mark.parametrize(("point", "nth"), moments("restore:", "copying:", "durable:"))
def test_a_killed_restore_goes_on(mirrored: Place, point: str, nth: int) -> None:
    """What it brought back is right, is not fetched again, and the end is whole."""
    shutil.rmtree(mirrored.snapshot)
    manifest = mirrored.store.settings.layout.manifests
    shutil.rmtree(manifest)
    killed(mirrored, point, nth, "restore")
    before = finals(mirrored.snapshot)
    assert before.items() <= files.needed().items()
    told = mirrored.told("restore")
    assert told["bytes"] == sum(len(data) for path, data in files.needed().items() if path not in before)
    assert files.below(mirrored.snapshot) == files.needed(), "the half files of the dead are gone as well"
    assert verify(mirrored.snapshot, mirrored.wanted, quick=False).whole


def test_a_restore_killed_over_a_damaged_set_damages_nothing_more(mirrored: Place) -> None:
    """Twice: a good file that is there is never given up for one that is to come."""
    files.flip(mirrored.snapshot / files.SHARD)
    (mirrored.snapshot / files.VAE).unlink()
    for point in ("restore:planned", "durable:temp-written"):
        killed(mirrored, point, 1, "restore")
        good = {k: v for k, v in files.needed().items() if k not in (files.SHARD, files.VAE)}
        assert good.items() <= files.below(mirrored.snapshot).items()
    mirrored.said("restore")
    assert finals(mirrored.snapshot) == files.needed()
