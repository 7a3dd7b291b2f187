"""kill -9 at any moment: the next run finishes, and nothing wrong ever stands under a final name."""

from __future__ import annotations

import ast
import random
import signal
import time
from pathlib import Path

import pytest
import zagent
from zagent import durable
from zagent.errors import ModelMissing, WeightsDamaged
from zagent.weights.model import Model
from zagent.weights.progress import Progress

from tests.standin import Hub, Stall
from tests.weights import child, files
from tests.weights.conftest import Site

PACKAGE = Path(zagent.__file__).parent
AGAIN = {"pull:bytes-arrived": 5, "pull:file-finished": 4, "adopt:file-copied": 7, "durable:renamed": 9}
"""Points that are passed many times: kill there not only at the first time, but also at this one."""


def names() -> list[str]:
    """Every point in the modules that a pull or an adoption runs through, found in the code itself."""
    modules = [PACKAGE / "durable.py", *sorted((PACKAGE / "weights").glob("*.py"))]
    calls = (node for one in modules for node in ast.walk(ast.parse(one.read_text())) if isinstance(node, ast.Call))
    found = [ast.literal_eval(one.args[0]) for one in calls if ast.unparse(one.func) == "points.reached"]
    assert len(found) > 10
    return found


def moments(*kinds: str) -> list[tuple[str, int]]:
    """The points of these kinds with the number of the passing at which to kill."""
    chosen = [name for name in names() if name.startswith(kinds)]
    return [(name, 1) for name in chosen] + [(name, AGAIN[name]) for name in chosen if name in AGAIN]


PULL = [one for one in moments("pull:", "durable:") if one != ("durable:renamed", 9)]
ADOPT = moments("adopt:", "durable:")


def killed(site: Site, point: str, nth: int, *command: str) -> None:
    """Run the command and see it die at the point."""
    done = child.run("--data-root", str(site.root), *command, point=point, nth=nth)
    assert done.returncode == -signal.SIGKILL, f"{point} was not reached: {done.stdout}{done.stderr}"


def finals(folder: Path) -> dict[str, bytes]:
    """What stands under final names."""
    found = files.below(folder)
    return {k: v for k, v in found.items() if not k.endswith(".incomplete") and not durable.is_leftover(Path(k))}


@pytest.mark.parametrize(("point", "nth"), PULL)
def test_a_pull_killed_at_a_named_point_is_finished_by_the_next(site: Site, point: str, nth: int) -> None:
    """What stands is right, what is finished is not fetched again, and the end is whole."""
    killed(site, point, nth, "pull")
    before = finals(site.snapshot)
    assert before.items() <= files.needed().items()
    assert not site.manifest.exists() or before == files.needed()
    site.hub.reset_log()
    site.pull()
    assert files.below(site.snapshot) == files.needed()
    assert site.verify().whole
    assert not (site.fetched() & set(before)) - {"model_index.json"}


@pytest.mark.parametrize(("point", "nth"), PULL)
def test_two_versions_are_never_taken_for_one(site: Site, point: str, nth: int) -> None:
    """The branch moved and the pull of the new version is killed: present means whole, of one version."""
    site.pull()
    new = files.needed(seed=5)
    for path, content in new.items():
        site.hub.put(path, content, commit="b" * 40)
    killed(site, point, nth, "pull", "--repair")
    try:
        site.present()
    except (ModelMissing, WeightsDamaged):
        pass
    else:
        assert site.verify().whole
    site.pull(repair=True)
    assert files.below(site.snapshot) == new
    assert site.verify().whole


@pytest.mark.parametrize(("point", "nth"), ADOPT)
def test_an_adoption_killed_at_a_named_point_is_finished_by_the_next(
    site: Site, tmp_path: Path, point: str, nth: int
) -> None:
    """The copy ends whole, the half copies of the dead are gone, and the original never changed."""
    from zagent.weights.adopt import adopt

    source = files.written(tmp_path / "source", files.needed())
    killed(site, point, nth, "weights", "adopt", str(source))
    assert finals(site.snapshot).items() <= files.needed().items()
    adopt(site.store, Model(), source, Progress())
    assert site.verify().whole
    if point != "adopt:manifest-written":
        assert files.below(site.snapshot) == files.needed()
    assert files.below(source) == files.needed()


def test_ten_kills_at_random_bytes_cost_hardly_a_byte(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed ten times in the middle of a large file, the pull ends whole and hardly a byte came twice."""
    chance, content, at = random.Random(7), files.repository(), 0
    content[files.SHARD] = files.safetensors(12_000_000, seed=1)
    needed = {path: content[path] for path in files.needed()}
    with Hub(content) as hub:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.url)
        for _ in range(10):
            stall = hub.faults[files.SHARD] = Stall(after=chance.randrange(300_000, 1_100_000))
            running = child.start("--data-root", str(site.root), "pull")
            assert stall.reached.wait(60)
            at += stall.after
            _wait_for(site.snapshot / f"{files.SHARD}.incomplete", at - 64 * 1024)
            running.kill()
            running.communicate()
        del hub.faults[files.SHARD]
        site.pull()
        assert files.below(site.snapshot) == needed
        assert site.verify().whole
        assert hub.body_bytes <= 1.1 * sum(map(len, needed.values()))


def _wait_for(path: Path, size: int) -> None:
    """Return once the client has written so much of what the hub has sent."""
    deadline = time.monotonic() + 60
    while not path.exists() or path.stat().st_size < size:
        assert time.monotonic() < deadline, f"{path.name} did not grow to {size} bytes"
        time.sleep(0.01)
