"""Where things lie on the data root. Pure: no path here is touched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """The tree below one data root."""

    root: Path

    @property
    def own(self) -> Path:
        """Zagent's own folder."""
        return self.root / ".zagent"

    @property
    def marker(self) -> Path:
        """The file that makes a mount the data root."""
        return self.own / "volume.json"

    @property
    def users(self) -> Path:
        """The list of users and their numbers."""
        return self.own / "users.json"

    @property
    def manifests(self) -> Path:
        """One file per model: what must be there."""
        return self.own / "manifests"

    @property
    def verified(self) -> Path:
        """One file per model: how its last deep verify ended."""
        return self.own / "verified"

    @property
    def backups(self) -> Path:
        """The backup destinations, a password for each that needs one, and how its last runs ended; root's alone."""
        return self.own / "backups"

    @property
    def locks(self) -> Path:
        """One file per model, held by flock while it changes."""
        return self.own / "locks"

    @property
    def modelscope_cache(self) -> Path:
        """The default of MODELSCOPE_CACHE."""
        return self.root / "modelscope_cache"

    @property
    def people(self) -> Path:
        """One folder per user."""
        return self.root / "users"

    def manifest(self, model: str) -> Path:
        """The manifest of a model id such as ``owner/name``."""
        return self.manifests / f"{folder_name(model)}.json"

    def lock(self, model: str) -> Path:
        """The lock file of a model id."""
        return self.locks / f"{folder_name(model)}.lock"

    def home(self, user: str) -> Path:
        """A user's folder, theirs alone."""
        return self.people / user

    def outputs(self, user: str) -> Path:
        """Where a user's images go unless told otherwise."""
        return self.home(user) / "outputs"

    def huggingface(self, user: str) -> Path:
        """A user's HF_HOME."""
        return self.home(user) / "cache" / "huggingface"


def folder_name(model: str) -> str:
    """``owner/name`` as the hub's cache spells it: ``owner--name``."""
    return model.replace("/", "--")
