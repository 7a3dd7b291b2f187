"""Until a host answers: which refusals are waited out, and for how long."""

from __future__ import annotations

import math
import time

from infra.bootstrap.ssh.fabric_host import FabricHost
from infra.bootstrap.ssh.host import SSH_PATIENCE, OnLine
from infra.bootstrap.ssh.keys import Trust
from infra.bootstrap.ssh.login import Login
from infra.errors import HostUnreachable

KEY_PATIENCE = 120.0
"""Seconds, from the first refusal, for which a refused key may still be a boot in progress: pam_nologin, keys not
planted yet."""

PAUSE = 2.0
"""Seconds between two tries to connect."""

TOLD_EVERY = 60.0
"""Seconds between two words to the person who waits."""


def connect(login: Login, say: OnLine, patience: float = SSH_PATIENCE) -> FabricHost:
    """A connection to the host, as soon as it answers; ``say`` hears of it now and then while that takes longer.

    Raises:
        LoginKeyUnusable, HostKeyUnreadable, NoWayIn: at once; nothing was tried.
        HostKeyDiffers, HostKeyUnknown: at once; nothing was sent.
        HostUnreachable: it does not answer within ``patience`` seconds, or refuses the key.
    """
    trust, wait = Trust.of(login), _Wait(login, patience, say)
    while True:
        host = FabricHost(login, trust)
        try:
            host.open()
        except HostUnreachable as error:
            host.close()
            wait.require(error, refused=host.refused)
        except BaseException:
            host.close()
            raise
        else:
            return host
        time.sleep(PAUSE)


class _Wait:
    """How long one login is tried; begun when it is made."""

    def __init__(self, login: Login, patience: float, say: OnLine) -> None:
        self._login, self._say, self._told = login, say, -math.inf
        self._end, self._refused_end = time.monotonic() + patience, math.inf

    def require(self, error: HostUnreachable, *, refused: bool) -> None:
        """Say why it failed this time; raises the error where that is the last time."""
        if refused:
            own = self._login.key_file or "that the SSH agent has, or ~/.ssh"
            why = f"it refuses the key {own} for the user {self._login.user}"
            error = HostUnreachable(address=self._login.address, why=why)
            self._refused_end = min(self._refused_end, time.monotonic() + KEY_PATIENCE)
        left = min(self._end, self._refused_end if refused else math.inf) - time.monotonic()
        if left < 0:
            raise error
        self._tell(error.facts["why"], left)

    def _tell(self, why: object, left: float) -> None:
        now = time.monotonic()
        if now - self._told >= TOLD_EVERY:
            for_long = f"{left:.0f} s" if left < 90 else f"{left / 60:.0f} min"
            more = " more" if self._told > -math.inf else ""
            words = f"{why}; trying for {for_long}{more}, Ctrl-C ends it"
            self._say(f"waiting for {self._login.address} to answer SSH: {words}")
            self._told = now
