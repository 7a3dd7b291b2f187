"""Names of models and revisions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zagent.errors import UsageError

DEFAULT_MODEL = "Tongyi-MAI/Z-Image-Turbo"
DEFAULT_REVISION = "master"

_PART = r"[A-Za-z0-9][A-Za-z0-9._-]*"


@dataclass(frozen=True)
class Model:
    """A model on the hub: ``owner/name`` and a branch, tag or commit.

    Raises:
        UsageError: a name that could lead out of the cache folder, or none at all.
    """

    id: str = DEFAULT_MODEL
    revision: str = DEFAULT_REVISION

    def __post_init__(self) -> None:
        if not re.fullmatch(f"{_PART}/{_PART}", self.id):
            raise UsageError(
                detail=f"model {self.id!r} must be owner/name, each of letters a-z, digits, '.', '_' and '-'"
            )
        if not re.fullmatch(_PART, self.revision):
            raise UsageError(detail=f"revision {self.revision!r} must be letters, digits, '.', '_' and '-'")

    @property
    def words(self) -> str:
        """The model as the command line takes it: its id, and the revision where that is not the usual one."""
        return self.id if self.revision == DEFAULT_REVISION else f"{self.id} --revision {self.revision}"
