"""Which tests run in one worker of `scripts/test`, one after the other, while the other groups run beside them.

Most of the cloud's tests wait, as the AWS provider looks every ten seconds; virtual machines keep a processor busy.
"""

from __future__ import annotations

from pathlib import PurePath

from xdist.scheduler import LoadScopeScheduling

HOST, DEMO, LOCAL = WITH_MACHINES = ("host", "demo", "local")
"""Emulated, a virtual machine takes a processor: no more than three tests at a time have one, two for most of a run."""

PLAIN = "plain"
"""What needs nothing but this machine."""

REPOSITORIES = "repositories"
"""Each of their tests starts restic many times, and shares one repository to begin with."""

ORDER = (HOST, DEMO, PLAIN, REPOSITORIES)
"""These take longest and begin first; all others wait in one queue for a free worker."""

PLACES = {
    "tests/host/": HOST,
    "tests/localcloud/hosts/": LOCAL,
    "tests/localcloud/test_sample.py": LOCAL,
    "tests/demo/": DEMO,
}
"""Where the tests lie that boot one; all of tests/demo, as two demonstrations of one clone share its pictures."""

LONGEST = "tests/demo/test_whole.py"


def of(nodeid: str) -> str:
    """The group of a test: below tests/localcloud a folder, whose parts it shares; in tests/engine a stack's life."""
    path = nodeid.partition("::")[0]
    for start, group in PLACES.items():
        if path.startswith(start):
            return group
    if path.startswith("tests/protect/restic/"):
        return REPOSITORIES
    if path.startswith("tests/engine/"):
        return nodeid
    return str(PurePath(path).parent) if path.startswith("tests/localcloud/") else PLAIN


def place(nodeid: str) -> tuple[int, bool]:
    """Where in the queue a test's group stands, and where in the group the test: LONGEST begins at once."""
    return ([*ORDER, of(nodeid)]).index(of(nodeid)), not nodeid.startswith(LONGEST)


class Grouped(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each group to one worker; the library's own ``loadgroup`` does nothing with pytest 9.2 (its issue 1386)."""

    def _split_scope(self, nodeid: str) -> str:
        return of(nodeid)
