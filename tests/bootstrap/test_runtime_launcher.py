"""The command on a host, run by this machine's own shell; only its paths are below a folder of the test's."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.bootstrap.checking import PATIENCE
from infra.bootstrap.facts.model import Python
from infra.bootstrap.launcher import launcher
from infra.bootstrap.runtime import Runtime
from infra.bootstrap.want import Want

pytestmark = pytest.mark.root

PYTHON = Python("/usr/bin/python3.11", (3, 11, 2), "x86_64", (2, 36))
RUNTIME = Runtime(PYTHON, (), "", ())
RESCUE = Runtime(PYTHON, (), "", (), is_rescue=True)

INTERPRETER = """#!/bin/sh
echo "{name} $* reason=$ZAGENT_RESCUE endpoint=$MODELSCOPE_ENDPOINT"
echo "$TORCHINDUCTOR_CACHE_DIR $TRITON_CACHE_DIR $CUDA_CACHE_PATH"
"""

NOBODY = 65534


@dataclass(frozen=True)
class Machine:
    """A host's folders below one of the test's."""

    folder: Path

    def at(self, path: str) -> Path:
        """Where a path of the host's is here."""
        return self.folder / path.lstrip("/")

    def place(self, path: str, content: str = "", mode: int = 0o644) -> None:
        """Make a file."""
        self.at(path).parent.mkdir(parents=True, exist_ok=True)
        self.at(path).write_text(content)
        self.at(path).chmod(mode)

    def mount(self, *, checked: bool) -> None:
        """The volume with the packages, found right or not."""
        self.place("/data/.zagent/volume.json")
        self.place(f"{RUNTIME.folder}/bin/python", INTERPRETER.format(name="runtime"), 0o755)
        if checked:
            self.place(f"/run/zagent/runtime/{RUNTIME.name}")

    def give(self, path: str, user: int) -> None:
        """Make a folder of somebody's."""
        self.at(path).mkdir(parents=True)
        os.chown(self.at(path), user, user)

    def zagent(self, user: int, want: Want | None = None, said: str = "", **environment: str) -> tuple[str, list[str]]:
        """Run ``zagent generate "a b"``, which says so much itself.

        What the interpreter was called with, and the variables of caches.
        """
        text = launcher(want or Want("vol0", "ubuntu"), RUNTIME, RESCUE, "AGENT")
        for start in ("/data", "/opt/zagent", "/run/zagent"):
            text = text.replace(start, str(self.at(start)))
        self.place("/bin/zagent", text, 0o755)
        variables = {"PATH": f"{self.folder}/tools:/usr/bin:/bin", **environment}
        command = [str(self.at("/bin/zagent")), "generate", "a b"]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, user=user, group=user, cwd="/")
        assert (done.returncode, done.stderr) == (0, said)
        called, caches = done.stdout.replace(str(self.folder), "").splitlines()
        return called, caches.split()


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A host without its volume; nothing of it is being checked, and nothing sleeps."""
    with tempfile.TemporaryDirectory(prefix="zagent-test-") as name:
        made = Machine(Path(name))
        made.folder.chmod(0o755)
        made.place(f"{RESCUE.folder}/bin/python", INTERPRETER.format(name="rescue"), 0o755)
        made.place("/tools/systemctl", "#!/bin/sh\necho inactive\n", 0o755)
        made.place("/tools/sleep", "#!/bin/sh\n", 0o755)
        yield made


def rescued(reason: str) -> str:
    """What the rescue's interpreter is called with."""
    return f"rescue -I /opt/zagent/AGENT generate a b reason={reason} endpoint="


TRUSTED = "runtime /opt/zagent/AGENT generate a b reason= endpoint="


def test_root_runs_nothing_from_the_volume(machine: Machine) -> None:
    """Whether it is mounted or not, checked or not; its interpreter heeds no variable."""
    assert machine.zagent(0)[0] == rescued("root")
    machine.mount(checked=True)
    assert machine.zagent(0)[0] == rescued("root")


def test_a_user_runs_what_was_checked(machine: Machine) -> None:
    """Also out of a shell in which the rescue ran before."""
    machine.mount(checked=True)
    assert machine.zagent(NOBODY)[0] == TRUSTED
    assert machine.zagent(NOBODY, ZAGENT_RESCUE="root")[0] == TRUSTED


def test_a_user_runs_the_rescue_where_the_volume_is_not_to_be_had(machine: Machine) -> None:
    """And is told why: it is not mounted, or what lies there is not what should."""
    assert machine.zagent(NOBODY)[0] == rescued("unmounted")
    machine.mount(checked=False)
    assert machine.zagent(NOBODY)[0] == rescued("differs")


def test_a_stamp_without_the_volume_is_worth_nothing(machine: Machine) -> None:
    """The volume may just have gone."""
    machine.place(f"/run/zagent/runtime/{RUNTIME.name}")
    assert machine.zagent(NOBODY)[0] == rescued("unmounted")


def test_a_stamp_of_other_packages_is_worth_nothing(machine: Machine) -> None:
    """Each runtime has its own."""
    machine.mount(checked=False)
    machine.place("/run/zagent/runtime/another")
    assert machine.zagent(NOBODY)[0] == rescued("differs")


def test_a_check_that_runs_is_waited_for(machine: Machine) -> None:
    """Right after a boot."""
    machine.mount(checked=False)
    stamp = machine.at(f"/run/zagent/runtime/{RUNTIME.name}")
    machine.at("/run/zagent/runtime").mkdir(parents=True)
    machine.at("/run/zagent/runtime").chmod(0o777)
    machine.place("/tools/systemctl", f"#!/bin/sh\ntouch {stamp}\necho activating\n", 0o755)
    assert machine.zagent(NOBODY)[0] == TRUSTED


def test_a_check_that_never_ends_is_not_waited_for_for_ever(machine: Machine) -> None:
    """As long as systemd would let it run; what is waited for is told once."""
    machine.mount(checked=False)
    machine.give("/waits", NOBODY)
    waits = machine.at("/waits/count")
    machine.place("/tools/systemctl", "#!/bin/sh\necho activating\n", 0o755)
    machine.place("/tools/sleep", f'#!/bin/sh\nprintf . >>"{waits}"\n', 0o755)
    said = "zagent: waiting for zagent-runtime.service, which reads the packages on the volume\n"
    assert machine.zagent(NOBODY, said=said)[0] == rescued("checking")
    assert len(waits.read_text()) == PATIENCE


@pytest.mark.parametrize(
    "home", ["/data/users/nobody", "/data/.zagent/compile-cache/nobody"], ids=["person", "service"]
)
def test_what_is_compiled_for_a_gpu_is_each_users_own(machine: Machine, home: str) -> None:
    """It is code: nobody else reads or writes it."""
    machine.mount(checked=True)
    machine.give(home, NOBODY)
    cache = f"{home}/cache" if "users" in home else home
    _, found = machine.zagent(NOBODY)
    assert found == [f"{cache}/torchinductor", f"{cache}/triton", f"{cache}/cuda"]
    made = machine.at(cache).stat()
    assert made.st_uid == NOBODY
    assert "users" not in home or made.st_mode & 0o777 == 0o700


def test_a_folder_of_somebody_else_is_not_taken_for_ones_own(machine: Machine) -> None:
    """Nor is one made where there is none; what a person set stays."""
    machine.mount(checked=True)
    assert machine.zagent(NOBODY)[1] == []
    machine.give("/data/users/nobody", 1000)
    machine.at("/data/users/nobody").chmod(0o777)
    assert machine.zagent(NOBODY)[1] == []
    assert machine.zagent(NOBODY, TRITON_CACHE_DIR="/mine")[1] == ["/mine"]


def test_the_hub_of_the_stack_is_the_default(machine: Machine) -> None:
    """Any character that a shell would take for its own stays what it is; a person's own choice counts more."""
    want = Want("vol0", "ubuntu", modelscope_endpoint="https://hub/?a=$HOME&b='c'")
    assert machine.zagent(0, want)[0].endswith("endpoint=https://hub/?a=$HOME&b='c'")
    assert machine.zagent(0, want, MODELSCOPE_ENDPOINT="https://own")[0].endswith("endpoint=https://own")
