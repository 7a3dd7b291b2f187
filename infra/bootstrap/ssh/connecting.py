"""Until a host answers: which refusals are waited out, and for how long."""

from __future__ import annotations

import itertools
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


def connect(login: Login, say: OnLine, patience: float = SSH_PATIENCE) -> FabricHost:
    """A connection to the host, as soon as it answers; ``say`` hears of it when that takes longer.

    Raises:
        LoginKeyUnusable, HostKeyUnreadable, NoWayIn: at once; nothing was tried.
        HostKeyDiffers, HostKeyUnknown: at once; nothing was sent.
        HostUnreachable: it does not answer within ``patience`` seconds, or refuses the key.
    """
    trust, wait = Trust.of(login), _Wait(login, patience)
    for attempt in itertools.count():
        host = FabricHost(login, trust)
        try:
            host.open()
        except HostUnreachable as error:
            host.close()
            why = wait.require(error, refused=host.refused)
        except BaseException:
            host.close()
            raise
        else:
            return host
        if attempt == 0:
            say(f"waiting for {login.address} to answer SSH: {why}")
        time.sleep(PAUSE)
    raise AssertionError("there is no last attempt")


class _Wait:
    """How long one login is tried; begun when it is made."""

    def __init__(self, login: Login, patience: float) -> None:
        self._login, self._patience = login, patience
        self._end, self._refused_end = time.monotonic() + patience, math.inf

    def require(self, error: HostUnreachable, *, refused: bool) -> object:
        """Why it failed this time; raises the error where that is the last time."""
        if refused:
            own = self._login.key_file or "that the SSH agent has, or ~/.ssh"
            why = f"it refuses the key {own} for the user {self._login.user}"
            error = HostUnreachable(address=self._login.address, why=why)
            self._refused_end = min(self._refused_end, time.monotonic() + KEY_PATIENCE)
        if time.monotonic() > min(self._end, self._refused_end if refused else math.inf):
            raise error
        return error.facts["why"]
