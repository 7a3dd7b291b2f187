"""Random lives of a data root and its copies. What zagent does may fail; it may never cost the last whole copy.

Damage comes from outside (a disk, a person) and always leaves one whole copy: whether that survives what zagent
then does is the question. Each sequence is made by its seed alone.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from zagent.volume import disk, marker, mounts
from zagent.weights import manifest
from zagent.weights.manifest import Manifest
from zagent.weights.model import Model

from tests.protect.place import Place, made
from tests.weights import child, files

POINTS = {
    "backup": ("durable:temp-written", "durable:renamed", "copying:file-done", "mirror:named", "mirror:noted"),
    "restore": ("durable:temp-written", "durable:renamed", "copying:file-done", "restore:planned", "restore:fetched"),
}
OPERATIONS = (
    "pull",
    "new version",
    "damage",
    "verify",
    "backup",
    "backup",
    "restore",
    "restore",
    "killed backup",
    "killed restore",
    "check",
    "fill",
    "free",
    "gc",
)
RESTORES = ("restore", "killed restore")

OUTSIDE = ("pull", "new version", "damage", "fill", "free")
"""What the world does, not zagent."""

SHARD = 20_000
"""Bytes of one shard: small, as it is the order of things that counts."""


@dataclass
class Campaign:
    """One sequence: a place with two mirrors, chance, and what was done so far."""

    place: Place
    chance: random.Random
    seed: int
    version: int = 0
    done: list[str] = field(default_factory=list)

    @property
    def ballast(self) -> Path:
        """What takes the room away."""
        return self.place.root / "ballast"

    def run(self, steps: int) -> None:
        """Do ``steps`` operations and look at everything after each."""
        self.place.fill(files.needed(shard=SHARD))
        for name in ("first", "second"):
            self.place.said("backup", "add", name, str(self.place.copy / name), "--same-device")
        for _ in range(steps):
            self.step(self.chance.choice(OPERATIONS))

    def step(self, operation: str) -> None:
        """One operation; whatever was whole before, something whole is there after."""
        before, files_before, right = self.whole(), self._files(), self._right()
        act: Callable[[], int] = getattr(self, f"_{operation.replace(' ', '_')}")
        code = act()
        self.done.append(f"{operation} -> {code}")
        assert not before or self.whole(), self.told("the last whole copy was lost")
        if operation not in OUTSIDE:
            self._only_proved(files_before)
        if operation in RESTORES:
            assert right <= self._right(), self.told("another version took the place of the recorded one")

    def _right(self) -> set[str]:
        """The set that is recorded on the data root, and which of its files are right there."""
        wanted = self.place.store.find(Model())
        if wanted is None:
            return set()
        files_right = (one.path for one in wanted.files if _is(self.place.snapshot / one.path, one.sha256))
        return {wanted.set_digest, *files_right}

    def _files(self) -> dict[Path, int]:
        """The file that stands under each final name of weights."""
        found = [one for one in self._folder().rglob("*.safetensors") if one.is_file()]
        return {one: one.stat().st_ino for one in found}

    def _only_proved(self, before: dict[Path, int]) -> None:
        """Whatever got a name since is a file that a manifest of its version names."""
        right = {one.sha256 for version in range(self.version + 1) for one in _version(version).files}
        for path, inode in self._files().items():
            if before.get(path) != inode:
                assert hashlib.sha256(path.read_bytes()).hexdigest() in right, self.told(f"{path} was not proved")

    def told(self, what: str) -> str:
        """The words of a failure: how to see it again."""
        return f"{what}; seed {self.seed}: {'; '.join(self.done)}"

    def whole(self) -> set[Path]:
        """Every folder that holds all files of a version, by their SHA-256."""
        folders = {one.parent for one in self._folder().rglob("model_index.json")}
        return {one for one in folders if any(_holds(one, wanted) for wanted in self._manifests())}

    def _folder(self) -> Path:
        return self.place.root.parent

    def _manifests(self) -> list[Manifest]:
        found = [*self.place.root.glob(".zagent/manifests/*.json"), *self.place.copy.glob("*/roots/*/manifests/*.json")]
        return [manifest.load(one) for one in found]

    def _zagent(self, *words: str) -> int:
        done = self.place.zagent(*words)
        assert "Traceback" not in done.output, self.told(done.output)
        assert done.exit_code != 1, self.told(f"unexpected: {done.output}")
        return done.exit_code

    def _pull(self) -> int:
        """As a pull leaves it: all files of the version, then the manifest."""
        if not self.ballast.exists():
            self.place.fill(files.needed(seed=self.version, shard=SHARD))
        return 0

    def _new_version(self) -> int:
        self.version += 1
        return self._pull()

    def _damage(self) -> int:
        """Flip, cut or delete one file somewhere, if something whole is left then."""
        candidates = [one for one in self._folder().rglob("*") if one.suffix == ".safetensors" and one.is_file()]
        if not candidates:
            return 0
        victim = self.chance.choice(sorted(candidates))
        before, stat = victim.read_bytes(), victim.stat()
        how = self.chance.choice(["flip", "cut", "delete"])
        self._spoil(victim, how)
        if not self.whole():
            files.written(victim.parent, {victim.name: before})
            os.utime(victim, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        return 0

    def _spoil(self, victim: Path, how: str) -> None:
        stat, content = victim.stat(), bytearray(victim.read_bytes())
        victim.unlink()  # a mirror may share it with another set: a disk damages one place
        if how == "delete":
            return
        if how == "flip":
            content[self.chance.randrange(len(content))] ^= 0xFF
        victim.write_bytes(content if how == "flip" else content[:-1])
        os.utime(victim, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    def _verify(self) -> int:
        code = self._zagent("verify")
        truth = self.place.snapshot in self.whole()
        assert (code == 0) == truth, self.told(f"verify said {code}, the weights are {'' if truth else 'not '}whole")
        return code

    def _backup(self) -> int:
        return self._zagent("backup")

    def _restore(self) -> int:
        code = self._zagent("restore")
        assert code or self.place.snapshot in self.whole(), self.told("restore said that all is back")
        return code

    def _check(self) -> int:
        return self._zagent("backup", "check", "--full")

    def _gc(self) -> int:
        return self._zagent("gc", "--yes")

    def _killed_backup(self) -> int:
        return self._killed("backup")

    def _killed_restore(self) -> int:
        return self._killed("restore")

    def _killed(self, command: str) -> int:
        point, nth = self.chance.choice(POINTS[command]), self.chance.randint(1, 12)
        done = child.run("--data-root", str(self.place.root), command, point=point, nth=nth)
        assert done.returncode in (-signal.SIGKILL, 0) or "Traceback" not in done.stderr, self.told(done.stderr)
        return done.returncode

    def _fill(self) -> int:
        if not self.ballast.exists():
            room = os.statvfs(self.place.root)
            self.ballast.write_bytes(bytes(max(0, room.f_bavail * room.f_frsize - self.chance.randrange(200_000))))
        return 0

    def _free(self) -> int:
        self.ballast.unlink(missing_ok=True)
        return 0


@lru_cache
def _version(number: int) -> Manifest:
    return made(files.needed(seed=number, shard=SHARD))


def _holds(folder: Path, wanted: Manifest) -> bool:
    return all(_is(folder / one.path, one.sha256) for one in wanted.files)


def _is(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def live(work: Path, seed: int, steps: int) -> Campaign:
    """Live one sequence in ``work``, a folder of a small filesystem."""
    place = Place(work / "data", work / "copy")
    for folder in (place.root, place.copy):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    mount = mounts.of(place.root)
    marker.write(place.root, marker.new("other", mount.fs_type if mount else "", disk.filesystem_uuid(place.root)))
    lived = Campaign(place, random.Random(seed), seed)
    lived.run(steps)
    return lived
