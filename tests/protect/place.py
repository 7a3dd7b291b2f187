"""A data root with weights on it and a mirror beside it, with the few things that nearly every test does."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from typer.testing import CliRunner, Result
from zagent import settings
from zagent.cli.commands import app
from zagent.protect import destinations, record
from zagent.protect.add import add
from zagent.protect.backup import Backed, backup
from zagent.protect.destinations import Destination
from zagent.protect.mirror.home import Mirror
from zagent.protect.record import Record
from zagent.volume import guard
from zagent.weights import manifest
from zagent.weights.manifest import File, Manifest
from zagent.weights.model import Model
from zagent.weights.progress import Event, Progress
from zagent.weights.store import Store

from tests.weights import files

NAME = "disk2"


@dataclass
class Place:
    """``root`` is the data root, ``copy`` the folder of the mirror."""

    root: Path
    copy: Path
    events: list[Event] = field(default_factory=list)

    @property
    def store(self) -> Store:
        """The weights on the data root, as the environment says now."""
        return Store(settings.load(self.root))

    @property
    def snapshot(self) -> Path:
        """Where the model's files lie."""
        return self.store.snapshot(Model())

    @property
    def data_id(self) -> str:
        """The data root's own id."""
        return guard.identify(self.root).data_id

    @property
    def mirror(self) -> Mirror:
        """The mirror."""
        return Mirror(self.copy)

    @property
    def wanted(self) -> Manifest:
        """What must be there."""
        return self.store.recorded(Model())

    @property
    def kept(self) -> Path:
        """Where the mirror has the files of the data root's set."""
        return self.mirror.files(self.wanted)

    @property
    def record(self) -> Record:
        """How the runs ended."""
        return record.read(self.store.settings.layout, NAME)

    def fill(self, content: dict[str, bytes]) -> None:
        """Put weights on the data root, as a pull or an adoption leaves them."""
        shutil.rmtree(self.snapshot, ignore_errors=True)
        files.written(self.snapshot, content)
        layout = self.store.settings.layout
        for folder in (layout.manifests, layout.locks):
            folder.mkdir(exist_ok=True)
        manifest.write(self.store.manifest_path(Model()), made(content))

    def add(self) -> Destination:
        """Make the mirror a destination; tests have one disk."""
        return add(self.store.settings.layout, NAME, str(self.copy), same_device=True)

    def backup(self) -> Backed:
        """Bring it up to date in this process."""
        self.events.clear()
        layout = self.store.settings.layout
        known = {one.name: one for one in destinations.known(layout)}
        return backup(self.store, known.get(NAME) or self.add(), Progress(self.events.append, interval=0))

    def zagent(self, *words: str) -> Result:
        """Run a command line on the data root."""
        return CliRunner().invoke(app, ["--data-root", str(self.root), *words])

    def said(self, *words: str, code: int = 0) -> str:
        """What a command prints; it must end with this exit code, and never with a traceback."""
        done = self.zagent(*words)
        assert done.exit_code == code, done.output
        assert "Traceback" not in done.output
        return done.output

    def told(self, *words: str, code: int = 0) -> dict[str, object]:
        """The last object that a command prints with --json."""
        found: dict[str, object] = json.loads(self.said(*words, "--json", code=code).splitlines()[-1])
        return found


def made(content: dict[str, bytes]) -> Manifest:
    """The manifest of these files."""
    entries = [File(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in content.items()]
    return manifest.make(Model().id, Model().revision, None, "tests", entries)
