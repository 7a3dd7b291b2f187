"""Where files of a snapshot wait for their proof."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from zagent import durable
from zagent.weights import digest
from zagent.weights.manifest import File

FOLDER = ".restoring"
"""The folder, within the one that is restored, in which files wait for their proof."""


def taken_over(staging: Path, folder: Path, base: Path, files: Sequence[File]) -> list[File]:
    """Give each file that waits and is proved its name; those that are not there then."""

    def take(file: File) -> bool:
        waits, target = staging / base.relative_to("/") / file.path, folder / file.path
        with suppress(OSError):
            if waits.stat().st_size == file.size and digest.sha256(waits) == file.sha256:
                durable.make_folder(target.parent)
                durable.sync_file(waits)
                waits.replace(target)
                durable.sync_folder(target.parent)
                return True
        return False

    done = digest.in_parallel(take, files)
    return [one for one, taken in zip(files, done, strict=True) if not taken]
