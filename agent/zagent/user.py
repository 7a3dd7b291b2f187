"""Who runs this process."""

from __future__ import annotations

import os
import pwd


def user_name() -> str:
    """The login name of the effective user, or its number where it has none (as in many containers)."""
    uid = os.geteuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
