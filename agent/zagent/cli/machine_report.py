"""The words of ``zagent env`` and ``zagent doctor``."""

from __future__ import annotations

import shlex
from dataclasses import asdict, replace

from zagent.cli.output import Output
from zagent.doctor import backup_checks, machine_checks, volume_checks, weights_checks
from zagent.doctor.check import Result, exit_code, run_all
from zagent.errors import VolumeError
from zagent.settings import OFFLINE, Setting, Settings
from zagent.text import plural
from zagent.volume import guard
from zagent.weights import leftovers

CHECKS = [*volume_checks.CHECKS, *weights_checks.CHECKS, *backup_checks.CHECKS, *machine_checks.CHECKS]
"""Every check in the order in which one explains the next."""

_SIGNS = {"ok": "ok     ", "warning": "warning", "error": "ERROR  "}


def environment(settings: Settings, form: str, *, explain: bool) -> str:
    """The variables as lines."""
    offline = [Setting(name, value, "always: generating needs no hub") for name, value in OFFLINE.items()]
    variables = [*settings.origins, *offline]
    if explain:
        wide = max(len(one.value) for one in variables)
        return "\n".join(f"{one.name:<24} {one.value:<{wide}} {one.origin}" for one in variables)
    if form == "shell":
        return "\n".join(f"export {one.name}={shlex.quote(one.value)}" for one in variables)
    return "\n".join(f"{one.name}={_dotenv_quoted(one.value)}" for one in variables)


def _dotenv_quoted(value: str) -> str:
    """As .env files quote: unlike in a shell, a backslash escapes within single quotes."""
    if shlex.quote(value) == value:
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def warn(output: Output, settings: Settings) -> None:
    """Say so where the variables lead to no data root."""
    try:
        guard.identify(settings.data_root)
    except VolumeError as error:
        output.say(f"warning: {error.message}; what loads weights now may write to the system disk")
        output.say(f"try:     {output.remedy(error.advice)}")


def doctor(output: Output, settings: Settings, *, fix: bool) -> int:
    """Run all checks, telling each as it ends; returns the exit code."""
    if fix:
        gone = leftovers.sweep(settings)
        for one in gone:
            output.say(f"deleted {one}")
        output.say(f"{plural(len(gone), 'partial file')} deleted" if gone else "there was no partial file to delete")
    results: list[Result] = []
    for result in run_all(CHECKS, settings):
        first = next((one.name for one in results if one.finding == result.finding), None)
        results.append(result)
        found = replace(result.finding, remedy=output.remedy(result.finding.remedy))
        output.result(_line(replace(result, finding=found), first), check=result.name, **asdict(found))
    return exit_code(results)


def _line(result: Result, first: str | None) -> str:
    """One finding; what the check ``first`` found already is not told again."""
    found = result.finding
    head = f"{_SIGNS[found.severity]}  {result.name:<14} "
    if first:
        return f"{head}see {first}"
    return f"{head}{found.message}" + (f"\n{'':<24} try: {found.remedy}" if found.remedy else "")
