"""The ways in which a cloud fails, on demand: what is armed here strikes when a call of the API comes to it.

Power cuts, broken disks and other people's volumes are done at once instead; see ``control``.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

KINDS: Final[Mapping[str, str]] = {
    "capacity": "No instance can be had in the zone that it names, or in any: InsufficientInstanceCapacity.",
    "vcpu-limit": "The account may run no instance more: VcpuLimitExceeded.",
    "throttling": "EC2 refuses calls for coming too often: RequestLimitExceeded.",
    "detaching": "The volume that it names, or any, stays in `detaching` until the fault is cleared.",
    "snapshot": "A snapshot ends in the state `error`.",
    "silent-host": "A launched instance never answers SSH.",
}


@dataclass(frozen=True)
class Fault:
    """An armed fault.

    ``about`` is the id or zone that it is for, empty for whichever comes; ``times`` is how often it still strikes,
    None until it is cleared.
    """

    kind: str
    about: str = ""
    times: int | None = None

    def concerns(self, kind: str, about: str) -> bool:
        """Whether it strikes there."""
        return self.kind == kind and self.about in ("", about)


class Faults:
    """What is armed. Its calls may come from many threads."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []
        self._changed = threading.Condition()

    def arm(self, fault: Fault) -> None:
        """Have it strike from now on.

        Raises:
            ValueError: there is no such kind, or ``times`` is less than one.
        """
        if fault.kind not in KINDS:
            raise ValueError(f"There is no fault {fault.kind!r}; there are {', '.join(KINDS)}.")
        if fault.times is not None and fault.times < 1:
            raise ValueError(f"A fault strikes once or more, not {fault.times} times.")
        with self._changed:
            self._armed.append(fault)

    def strikes(self, kind: str, about: str = "") -> bool:
        """Whether one strikes here, which counts as one of its times."""
        with self._changed:
            found = self._find(kind, about)
            if found:
                self._count(found)
            return found is not None

    def _find(self, kind: str, about: str) -> Fault | None:
        return next((one for one in self._armed if one.concerns(kind, about)), None)

    def _count(self, fault: Fault) -> None:
        if fault.times is None:
            return
        self._armed.remove(fault)
        if fault.times > 1:
            self._armed.append(replace(fault, times=fault.times - 1))

    def stand(self, kind: str, about: str = "") -> bool:
        """Whether one would strike here; it does not count."""
        with self._changed:
            return self._find(kind, about) is not None

    def wait_while(self, kind: str, about: str = "") -> None:
        """Return when nothing of this kind is armed there."""
        with self._changed:
            self._changed.wait_for(lambda: self._find(kind, about) is None)

    def armed(self) -> list[Fault]:
        """What would strike now."""
        with self._changed:
            return list(self._armed)

    def clear(self) -> None:
        """Nothing strikes any more."""
        with self._changed:
            self._armed.clear()
            self._changed.notify_all()
