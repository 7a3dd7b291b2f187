"""The error tree: own exit codes, whole messages, and every errno mapped."""

from __future__ import annotations

import ast
import errno
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
import zagent
from zagent import errors
from zagent.errors import ZagentError, from_os_error, tree

import infra
from infra.errors import CloudError

PACKAGES = [Path(package.__file__ or "").parent for package in (zagent, infra)]
CONCRETE = [cls for cls in tree() if not cls.__subclasses__()]

RANGES = {
    errors.VolumeError: range(10, 20),
    errors.WeightsError: range(20, 30),
    errors.GenerateError: range(30, 40),
    CloudError: (*range(50, 60), 94, 95),
}


def placeholders(cls: type[ZagentError]) -> set[str]:
    """The facts that an error's message and remedy name."""
    return {
        name for text in (cls.__doc__ or "", cls.remedy) for _, name, _, _ in string.Formatter().parse(text) if name
    }


def raised() -> Iterator[tuple[str, type[ZagentError], set[str]]]:
    """Every place in our packages that makes an error by its class's own name, and the facts given there."""
    known = {cls.__name__: cls for cls in CONCRETE}
    for path in sorted(path for package in PACKAGES for path in package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known:
                given = {one.arg for one in node.keywords}
                if None not in given:  # facts passed on by ** were collected elsewhere
                    yield f"{path.name}:{node.lineno}", known[node.func.id], {one for one in given if one}


def test_every_error_has_an_exit_code_of_its_own() -> None:
    """A script can tell each failure from every other."""
    codes = [cls.exit_code for cls in CONCRETE]
    assert len(codes) == len(set(codes))
    assert 0 not in codes


@pytest.mark.parametrize("group", RANGES, ids=lambda cls: cls.__name__)
def test_the_codes_of_a_group_lie_in_its_range(group: type[ZagentError]) -> None:
    """10-19 is the volume, 20-29 the weights, 30-39 generating, 50-59 the cloud."""
    assert all(cls.exit_code in RANGES[group] for cls in tree(group))


@pytest.mark.parametrize("cls", CONCRETE, ids=lambda cls: cls.__name__)
def test_every_error_says_how_it_is_mended(cls: type[ZagentError]) -> None:
    """An error without a command that mends it helps nobody; an interruption needs none."""
    assert cls.remedy or cls is errors.Interrupted


def test_every_error_is_raised_with_all_its_facts() -> None:
    """No message reaches a person with a placeholder in it."""
    for where, cls, facts in raised():
        assert placeholders(cls) <= facts, f"{where}: {cls.__name__} lacks {placeholders(cls) - facts}"


def test_a_missing_fact_is_no_error_of_its_own() -> None:
    """Should one be forgotten all the same, the person still gets the rest."""
    assert "{path}" in errors.VolumeFull().message


@pytest.mark.parametrize("number", sorted(errno.errorcode))
def test_every_errno_becomes_an_error_of_ours(number: int) -> None:
    """Whatever the system answers has a message, a remedy and a code that is not 'unexpected'."""
    found = from_os_error(OSError(number, "why", "/some/file"))
    assert not isinstance(found, errors.Unexpected)
    assert "/some/file" in found.message
    assert found.advice


@pytest.mark.parametrize(
    ("number", "cls"),
    [
        (errno.ENOSPC, errors.VolumeFull),
        (errno.EDQUOT, errors.VolumeFull),
        (errno.EROFS, errors.ReadOnlyVolume),
        (errno.EACCES, errors.NotWritable),
        (errno.EPERM, errors.NotWritable),
        (errno.EIO, errors.InputOutputError),
        (errno.EMFILE, errors.SystemRefused),
    ],
)
def test_the_errnos_of_a_sick_disk_have_classes_of_their_own(number: int, cls: type[ZagentError]) -> None:
    """Full, read-only, forbidden and broken are told apart."""
    assert type(from_os_error(OSError(number, "why"), "/a")) is cls


def test_a_read_only_disk_is_remounted_where_it_is_mounted() -> None:
    """The remedy names the mount point, not the folder below it that was to be written."""
    assert "mount -o remount,rw /proc " in from_os_error(OSError(errno.EROFS, "why"), "/proc/self/net").advice
