"""Which version of a model comes back: the recorded one, from whichever copy has it; another one only if asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from zagent.protect.engine import History, Source
from zagent.weights.manifest import Manifest
from zagent.weights.model import Model
from zagent.weights.progress import Progress


@dataclass
class Search:
    """One version that is looked for in one source after another.

    ``wanted`` is the recorded one, None where nothing is recorded: then it is the first that a source has. Unless
    ``exact`` another may take its place. Once a source had one no other will do: files of two would be mixed.
    ``answered`` are the sources that do not have it, ``other`` those of them that have another.
    """

    model: Model
    wanted: Manifest | None
    exact: bool
    answered: list[Source] = field(default_factory=list)
    other: list[Source] = field(default_factory=list)

    def ask(self, source: Source, progress: Progress) -> tuple[Source, Manifest] | None:
        """What to bring from a source, and from which state of it; None where it has not what is looked for.

        Raises:
            ZagentError: it can't tell.
        """
        if self.wanted and isinstance(source, History) and (state := source.holding(self.wanted)):
            self._settle(self.wanted, state, progress)
            return state, self.wanted
        theirs = [one for one in source.sets() if (one.model, one.revision) == (self.model.id, self.model.revision)]
        if found := choose(self.wanted, theirs, exact=self.exact):
            self._settle(found, source, progress)
            return source, found
        self.answered.append(source)
        self.other += [source] if theirs else []
        return None

    def _settle(self, found: Manifest, source: Source, progress: Progress) -> None:
        """It is this one from now on."""
        if self.wanted and found != self.wanted:
            now = "not the recorded one, whose place it takes"
            progress.say(f"{source.words} has another version of {self.model.words}: {found.set_digest}, {now}")
        self.wanted, self.exact = found, True


def choose(wanted: Manifest | None, theirs: Sequence[Manifest], *, exact: bool) -> Manifest | None:
    """Which of a model's sets to bring: the one with the digest of ``wanted``, else the first unless ``exact``. Pure.

    The recorded one is told by its own manifest: that of a copy may name another origin of the same bytes.
    """
    if wanted and any(one.set_digest == wanted.set_digest for one in theirs):
        return wanted
    return None if wanted and exact else next(iter(theirs), None)
