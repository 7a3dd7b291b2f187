"""What every error is, and those that belong to no part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import ClassVar


class ZagentError(Exception):
    """Something went wrong."""

    exit_code: ClassVar[int] = 1
    remedy: ClassVar[str] = ""

    def __init__(self, **facts: object) -> None:
        """Fill the message and the remedy with ``facts``; a placeholder without a fact stays as it is."""
        self.facts = facts
        super().__init__(" ".join((type(self).__doc__ or "").split()).format_map(_Kept(facts)))

    @property
    def message(self) -> str:
        """What happened and why."""
        return str(self)

    @property
    def advice(self) -> str:
        """The command that mends it, or nothing; paths are quoted so that a shell takes it as it stands."""
        quoted = {name: quote(str(fact)) if isinstance(fact, Path) else fact for name, fact in self.facts.items()}
        return self.remedy.format_map(_Kept(quoted))


class _Kept(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


class Unexpected(ZagentError):
    """Unexpected {kind}: {detail}"""

    exit_code = 1
    remedy = "run the command again with `zagent --debug …` and report what it prints"


class UsageError(ZagentError):
    """{detail}"""

    exit_code = 2
    remedy = "zagent --help"


class SystemRefused(ZagentError):
    """The operating system refused {path}: {detail}"""

    exit_code = 3
    remedy = "zagent doctor"


class InputOutputError(ZagentError):
    """The disk under {path} answers with I/O errors: {detail}"""

    exit_code = 4
    remedy = "look at `dmesg`; then `zagent verify` tells which files still read"


class ToolMissing(ZagentError):
    """The program {tool} is not installed"""

    exit_code = 5
    remedy = "apt-get install {package}"


class RootNeeded(ZagentError):
    """Only root can {what}"""

    exit_code = 6
    remedy = 'sudo -E env "PATH=$PATH" {command}'


class SystemdRefused(ZagentError):
    """`systemctl {words}` failed: {detail}"""

    exit_code = 7
    remedy = "journalctl --boot --unit 'zagent-*'   tells more"


class ScheduleRefused(ZagentError):
    """No timers on this machine: {why}"""

    exit_code = 8
    remedy = "{hint}"


class RuntimeNeeded(ZagentError):
    """This needs {package}, which is on the data volume only, and {why}"""

    exit_code = 9
    remedy = "{hint}"


class Interrupted(ZagentError):
    """Interrupted: nothing was left half done"""

    exit_code = 130


def tree(root: type[ZagentError] = ZagentError) -> Iterator[type[ZagentError]]:
    """Every error class below ``root`` in the order of the file, parents first."""
    for cls in root.__subclasses__():
        yield cls
        yield from tree(cls)
