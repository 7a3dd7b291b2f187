"""What restic says while it works."""

from __future__ import annotations

from zagent.protect.restic.prove import Prover
from zagent.protect.restic.run import Message
from zagent.weights.progress import Progress


class Heard:
    """restic's messages as progress, and each file that it has read to whoever proves it."""

    def __init__(self, progress: Progress, prover: Prover | None = None) -> None:
        self._progress, self._prover, self._done, self._total = progress, prover, 0, 0

    def hears(self, told: Message) -> None:
        """A message of restic's."""
        kind = told.get("message_type")
        if kind == "status" and told.get("total_bytes"):
            if self._total != told["total_bytes"]:
                self._total = int(told["total_bytes"])
                self._progress.begin(self._total, self._total - self._done)
            done = int(told.get("bytes_done") or told.get("bytes_restored") or 0)
            self._progress.add(done - self._done)
            self._done = done
        if self._prover and kind == "verbose_status" and told.get("action") in ("new", "modified"):
            self._prover.hears(str(told["item"]))
