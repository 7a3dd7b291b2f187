"""Whether services, people's shells and this process mean the same paths, and which of them does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from zagent.doctor import environments
from zagent.doctor.check import Finding
from zagent.settings import DATA_ROOT, HF_HOME, MODELSCOPE_CACHE, load
from zagent.user import user_name
from zagent.volume.layout import Layout

from infra.bootstrap import environment as bootstrap
from infra.bootstrap.want import ROOT, Want

WANT = Want(serial="vol1", ssh_user="ubuntu")
OTHERS = 'PATH="/usr/bin:/bin"\n'


class Host:
    """A host as the bootstrap leaves it: its three files and the data root in one folder here."""

    def __init__(self, folder: Path) -> None:
        """Write the files, and give this user a folder on the volume."""
        self.root = folder / "disk"
        self.agent_env, self.environment, self.profile = (folder / one for one in ("agent.env", "environment", "p.sh"))
        self.own = Layout(self.root).huggingface(user_name())
        Layout(self.root).home(user_name()).mkdir(parents=True)
        self.write(self.agent_env, bootstrap.agent_env(WANT))
        self.write(self.environment, bootstrap.environment(OTHERS, WANT))
        self.write(self.profile, bootstrap.profile())

    def here(self, text: str) -> str:
        """A text about the bootstrap's data root, as one about this host's."""
        return text.replace(ROOT, str(self.root))

    def write(self, path: Path, text: str) -> None:
        """A file that speaks of this host's data root where ``text`` speaks of the bootstrap's."""
        path.write_text(self.here(text))

    def variables(self) -> dict[str, str]:
        """What a process started by PAM has."""
        return {name: self.here(value) for name, value in bootstrap.variables(WANT).items()}

    def agreement(self, root: str | None = None, **environ: str) -> Finding:
        """What the check says of such a process."""
        folder = self.agent_env.parent
        return environments.agree(load(Path(root) if root else None, environ, folder, self.agent_env))


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host on which everything agrees."""
    made = Host(tmp_path)
    monkeypatch.setattr(environments, "AGENT_ENV", made.agent_env)
    monkeypatch.setattr(environments, "ENVIRONMENT", made.environment)
    monkeypatch.setattr(environments, "PROFILE", made.profile)
    return made


def test_what_the_bootstrap_wrote_agrees(host: Host) -> None:
    """The bootstrap's own texts; also in a process that has /etc/environment's variables, or a login shell's."""
    assert host.agreement().severity == "ok"
    assert host.agreement(**host.variables()).severity == "ok"
    assert host.agreement(**{**host.variables(), HF_HOME: str(host.own)}).severity == "ok"


def test_who_has_no_folder_on_the_volume_has_the_services_hf_home(host: Host) -> None:
    """As root under sudo, and the service user: no difference as long as it is that and no third one."""
    Layout(host.root).home(user_name()).rmdir()
    assert host.agreement().severity == "ok"
    host.write(host.profile, f"export {HF_HOME}=/elsewhere\n")
    assert f"{HF_HOME} is /elsewhere, not {host.root}/modelscope_cache" in host.agreement().message


def test_a_machine_without_agent_env_has_nothing_to_compare(host: Host) -> None:
    """A laptop is no host: whatever its /etc/environment says."""
    host.agent_env.unlink()
    host.profile.unlink()
    assert host.agreement().severity == "ok"


CACHE = f"{MODELSCOPE_CACHE}={ROOT}/modelscope_cache"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (CACHE, f"{MODELSCOPE_CACHE}=/root/c", f"{MODELSCOPE_CACHE} is /root/c, not {ROOT}/modelscope_cache"),
        (f"{HF_HOME}={ROOT}/modelscope_cache", f"{HF_HOME}=/root/c", f"{HF_HOME} is /root/c, not {ROOT}"),
        (f"{DATA_ROOT}={ROOT}\n", "", f"{DATA_ROOT} is not set"),
    ],
)
def test_an_environment_that_differs_is_told(host: Host, old: str, new: str, said: str) -> None:
    """The file, what it says and what it should say, and the command that writes it again."""
    text = bootstrap.environment(OTHERS, WANT)
    assert old in text
    host.write(host.environment, text.replace(old, new))
    found = host.agreement()
    assert found.severity == "warning"
    assert f"{host.environment}: {host.here(said)}" in found.message
    assert "zagent cloud converge" in found.remedy


@pytest.mark.parametrize(
    ("added", "said"),
    [
        (f"export {HF_HOME}=/root/hf\n", f"{HF_HOME} is /root/hf, not {ROOT}/users/"),
        (f"export {DATA_ROOT}=/root/d\n", f"{DATA_ROOT} is /root/d, not {ROOT}"),
        (f"unset {MODELSCOPE_CACHE}\n", f"{MODELSCOPE_CACHE} is not set"),
    ],
)
def test_a_login_shell_that_differs_is_told(host: Host, added: str, said: str) -> None:
    """By what the file does, however it is written."""
    host.write(host.profile, bootstrap.profile() + added)
    found = host.agreement()
    assert found.severity == "warning"
    assert f"{host.profile}: {host.here(said)}" in found.message


def test_a_login_shell_that_shares_the_services_hf_home_is_told(host: Host) -> None:
    """An emptied file: one person's downloads would meet another's."""
    host.write(host.profile, "")
    assert f"{HF_HOME} is {host.root}/modelscope_cache, not {host.own}" in host.agreement().message


def test_files_that_are_gone_are_told(host: Host) -> None:
    """Each of them."""
    host.environment.unlink()
    host.profile.unlink()
    found = host.agreement()
    assert f"{host.environment}: {DATA_ROOT} is not set" in found.message
    assert f"{host.profile} is missing" in found.message


@pytest.mark.parametrize(("file", "content"), [("environment", b"\xff\xfe"), ("profile", b"if\n")])
def test_a_file_that_makes_no_sense_is_a_warning(host: Host, file: str, content: bytes) -> None:
    """Not a check that breaks."""
    path: Path = getattr(host, file)
    path.write_bytes(content)
    found = host.agreement()
    assert found.severity == "warning"
    assert f"{path} can't be" in found.message


def test_a_profile_that_prints_something_is_understood(host: Host) -> None:
    """Only its variables count."""
    host.write(host.profile, f"echo {HF_HOME}=/nonsense\n{bootstrap.profile()}")
    assert host.agreement().severity == "ok"


@pytest.mark.parametrize("how", ["flag", "variable"])
def test_a_process_that_differs_is_told(host: Host, how: str) -> None:
    """No file is at fault, so the remedy is this shell's."""
    found = host.agreement("/mine") if how == "flag" else host.agreement(**{DATA_ROOT: "/mine"})
    assert found.severity == "warning"
    assert f"this process: {DATA_ROOT} is /mine, not {host.root}" in found.message
    assert "zagent env" in found.remedy
    assert "converge" not in found.remedy


def test_a_hf_home_of_ones_own_choice_is_no_difference(host: Host) -> None:
    """A person may keep their downloads where they like."""
    assert host.agreement(**{HF_HOME: f"{host.root}/users/ann/hf"}).severity == "ok"
