"""Can a snapshot be made, used, deleted? And may a volume be deleted? 80-89."""

from __future__ import annotations

from zagent.errors import ZagentError


class SnapshotError(ZagentError):
    """A snapshot is not as needed."""

    exit_code = 80


class NoSnapshot(SnapshotError):
    """The snapshot {snapshot} can't be restored from: {why}"""

    exit_code = 81
    remedy = "zagent cloud snapshot ls   shows those that can"


class SnapshotNotYours(SnapshotError):
    """The newest snapshot of this stack, {snapshot}, {whose}; you are {you}"""

    exit_code = 82
    remedy = "pulumi config set restore {snapshot}   if it is the one you mean, or pulumi config set restore blank"


class SnapshotFailed(SnapshotError):
    """The snapshot {snapshot} of {volume} {how}; nothing was deleted, nothing was replaced"""

    exit_code = 83
    remedy = "run the same command again; AWS's own status page tells whether snapshots fail today"


class PurgeRefused(SnapshotError):
    """{volume} is not deleted: {why}"""

    exit_code = 84
    remedy = "{hint}"


class RestoreRefused(SnapshotError):
    """No volume is made in {zone}: {why}"""

    exit_code = 85
    remedy = "{hint}"


class NotProved(SnapshotError):
    """The weights on {address} are not proved: {why}"""

    exit_code = 87
    remedy = "on the host: `zagent verify` tells which files are bad, `zagent pull --repair` fetches them again"


class ResetRefused(SnapshotError):
    """The system disk of {instance} is not replaced: {why}"""

    exit_code = 88
    remedy = "{hint}"


class NotConfirmed(SnapshotError):
    """Nothing was changed: {why}"""

    exit_code = 86
    remedy = "run it again and answer the question, or give --yes"
