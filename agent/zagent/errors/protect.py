"""Is there a second copy, and does it come back? 40-49; what restic says: 90-99 (50-89 are zagent-infra's)."""

from __future__ import annotations

from zagent.errors.base import ZagentError


class ProtectError(ZagentError):
    """A copy can't be made, kept or brought back."""


class NoDestination(ProtectError):
    """No backup destination {name} is set up: {known}"""

    exit_code = 40
    remedy = "zagent backup add NAME TARGET   where TARGET is a folder on another disk, or a restic repository"


class DestinationRefused(ProtectError):
    """{target} can't be a backup destination: {why}"""

    exit_code = 41
    remedy = "{hint}"


class DestinationMissing(ProtectError):
    """The backup destination {target} is not there: {why}"""

    exit_code = 42
    remedy = "{hint}"


class SourceDamaged(ProtectError):
    """{model} was not backed up: {path} is not what its manifest says ({why}); the copies made before are kept"""

    exit_code = 43
    remedy = "zagent restore   brings the good bytes back, or zagent pull --repair   from the hub; then zagent backup"


class CopyDamaged(ProtectError):
    """The copy in {destination} is damaged: {why}"""

    exit_code = 44
    remedy = "zagent backup now {name}   copies what is bad again, from weights that are proved on the way"


class RestoreIncomplete(ProtectError):
    """{model} is not whole yet: {source} has no good copy of {path} ({why})"""

    exit_code = 48
    remedy = "zagent restore --from ANOTHER-COPY   or zagent pull --repair   brings what is missing; the rest is back"


class DestinationFailed(ProtectError):
    """The backup destination {target} failed: {why}"""

    exit_code = 49
    remedy = "{hint}"


class NothingToRestore(ProtectError):
    """Nothing to restore {what} from: {why}"""

    exit_code = 45
    remedy = "{hint}"


class NothingToProtect(ProtectError):
    """There are no weights to back up: no download or adoption is recorded on {root}"""

    exit_code = 46
    remedy = "zagent pull   fetches them; the backup follows by itself"


class SettingsDamaged(ProtectError):
    """{path} can't be read: {why}"""

    exit_code = 47
    remedy = "{hint}"
