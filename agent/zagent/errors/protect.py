"""Is there a second copy, and does it come back? 40-49 and 100-109; what restic says: 110-119."""

from __future__ import annotations

from zagent.errors.base import ZagentError


class ProtectError(ZagentError):
    """A copy can't be made, kept or brought back."""


class NoDestination(ProtectError):
    """No backup destination{named} is set up{others}"""

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
    remedy = "{hint}"


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


class BackupOverdue(ProtectError):
    """The copy in {name} is overdue: {why}"""

    exit_code = 100
    remedy = "zagent backup now {name}   makes it; zagent schedule status   tells why no timer did"


class EntryRefused(ProtectError):
    """{entry} of {destination} can't be given up: {why}"""

    exit_code = 101
    remedy = "zagent backup ls   shows what there is, with the ids"


class OtherVersion(ProtectError):
    """{model} is recorded as {recorded} and not whole, and no copy has that version: another is in {copies}"""

    exit_code = 102
    remedy = (
        "zagent pull {model} --repair   fetches what is bad from the hub; zagent restore --from COPY   takes the other "
        "version in its place, --snapshot ID   a state of a repository that `zagent backup ls` shows"
    )


class ResticError(ProtectError):
    """A restic repository does not do what it should."""


class ResticUnavailable(ResticError):
    """There is no restic that can be used, and it can't be fetched: {why}"""

    exit_code = 110
    remedy = (
        "apt-get install restic   (0.14 or newer); or ZAGENT_RESTIC_RELEASES=https://… names a place that has the "
        "same files as restic's releases"
    )


class RepositoryLocked(ResticError):
    """The repository {address} is in use by another restic: {why}"""

    exit_code = 111
    remedy = "wait until it is done; a lock that a dead one left is taken away by `zagent backup check`"


class WrongPassword(ResticError):
    """The password in {path} does not open the repository {address}"""

    exit_code = 112
    remedy = "put the right one into {path}, or name its file: zagent restore --from REPOSITORY --password-file FILE"


class SourceUnreadable(ResticError):
    """Not all files could be read, so {what} is kept, but not taken for a whole backup: {why}"""

    exit_code = 113
    remedy = (
        "sudo zagent backup   reads every user's files; where root can't, `dmesg` tells of a disk that does not read "
        "and `findmnt` of what a user has mounted there"
    )


class ResticFailed(ResticError):
    """`restic {command}` failed on {address}: {why}"""

    exit_code = 114
    remedy = "zagent backup check --full   tells whether what it holds is whole; df -h and dmesg tell of its disk"


class PasswordRefused(ResticError):
    """The password file {path} can't be used: {why}"""

    exit_code = 115
    remedy = "{hint}"


class CredentialsRefused(ResticError):
    """The variables for repositories in {path} can't be used: {why}"""

    exit_code = 116
    remedy = "{hint}"
