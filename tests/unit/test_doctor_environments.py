"""Whether services, people's shells and this process mean the same paths, and which of them does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from zagent.doctor import environments
from zagent.doctor.check import Finding
from zagent.settings import DATA_ROOT, HF_HOME, MODELSCOPE_CACHE, SERVICE_USER, Settings, load

ROOT = "/disk"
AGENT = f"{DATA_ROOT}={ROOT}\n{MODELSCOPE_CACHE}={ROOT}/cache\n{HF_HOME}={ROOT}/cache\n"
PROFILE = f'export {HF_HOME}="{ROOT}/users/$USER/cache/huggingface"\n'


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host as the bootstrap leaves it: the three files, in one folder here."""
    for name, path, content in [
        ("AGENT_ENV", tmp_path / "agent.env", f"# zagent's\n{AGENT}"),
        ("ENVIRONMENT", tmp_path / "environment", f'PATH="/usr/bin:/bin"\n{AGENT}'),
        ("PROFILE", tmp_path / "zagent.sh", f"# zagent's\n{PROFILE}"),
    ]:
        path.write_text(content)
        monkeypatch.setattr(environments, name, path)
    return tmp_path


def seen(host: Path, root: str | None = None, **environ: str) -> Settings:
    """The settings of a process on that host."""
    return load(Path(root) if root else None, environ, host, host / "agent.env")


def agreement(host: Path, root: str | None = None, **environ: str) -> Finding:
    """What the check says of such a process."""
    return environments.agree(seen(host, root, **environ))


def test_what_the_bootstrap_wrote_agrees(host: Path) -> None:
    """Also in a process that has /etc/environment's variables, and in a login shell's."""
    everyone = dict(line.split("=", 1) for line in AGENT.splitlines())
    assert agreement(host).severity == "ok"
    assert agreement(host, **everyone).severity == "ok"
    assert agreement(host, **{**everyone, HF_HOME: f"{ROOT}/users/ann/cache/huggingface"}).severity == "ok"


def test_a_machine_without_agent_env_has_nothing_to_compare(host: Path) -> None:
    """A laptop is no host: whatever its /etc/environment says."""
    (host / "agent.env").unlink()
    (host / "zagent.sh").unlink()
    assert agreement(host).severity == "ok"


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("environment", AGENT.replace("/disk/cache", "/root/c"), f"{MODELSCOPE_CACHE} is /root/c, not /disk/cache"),
        ("environment", AGENT.replace("/disk/cache", "/root/c"), f"{HF_HOME} is /root/c, not /disk/cache"),
        ("environment", AGENT.replace(f"{DATA_ROOT}={ROOT}\n", ""), f"{DATA_ROOT} is not set"),
        ("environment", "", f"{HF_HOME} is not set"),
        ("zagent.sh", "", f"{HF_HOME} is /disk/cache, not /disk/users/"),
        ("zagent.sh", f"{PROFILE}export {DATA_ROOT}=/root/d\n", f"{DATA_ROOT} is /root/d, not /disk"),
        ("zagent.sh", f"{PROFILE}unset {MODELSCOPE_CACHE}\n", f"{MODELSCOPE_CACHE} is not set"),
    ],
)
def test_the_file_that_differs_is_named_with_what_it_says(host: Path, file: str, content: str, said: str) -> None:
    """And the command that writes it again."""
    (host / file).write_text(content)
    found = agreement(host)
    assert found.severity == "warning"
    assert f"{host / file}: {said}" in found.message
    assert "zagent cloud converge" in found.remedy


def test_files_that_are_gone_are_told(host: Path) -> None:
    """Each of them."""
    (host / "environment").unlink()
    (host / "zagent.sh").unlink()
    found = agreement(host)
    assert f"{host / 'environment'}: {DATA_ROOT} is not set" in found.message
    assert f"{host / 'zagent.sh'} is missing" in found.message


@pytest.mark.parametrize(("file", "content"), [("environment", b"\xff\xfe"), ("zagent.sh", b"if\n")])
def test_a_file_that_makes_no_sense_is_a_warning(host: Path, file: str, content: bytes) -> None:
    """Not a check that breaks."""
    (host / file).write_bytes(content)
    found = agreement(host)
    assert found.severity == "warning"
    assert f"{host / file} can't be" in found.message


def test_a_profile_that_prints_something_is_understood(host: Path) -> None:
    """Only its variables count."""
    (host / "zagent.sh").write_text(f"echo {HF_HOME}=/nonsense\n{PROFILE}")
    assert agreement(host).severity == "ok"


def test_the_service_user_has_no_hf_home_of_a_persons(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For it the profile may leave what agent.env says."""
    monkeypatch.setattr("zagent.settings.user_name", lambda: SERVICE_USER)
    (host / "zagent.sh").write_text(f'[ "$USER" = {SERVICE_USER} ] || {PROFILE}')
    assert agreement(host).severity == "ok"
    (host / "zagent.sh").write_text(f"export {HF_HOME}=/elsewhere\n")
    assert agreement(host).severity == "warning"


@pytest.mark.parametrize("how", ["flag", "variable"])
def test_a_process_that_differs_is_told(host: Path, how: str) -> None:
    """No file is at fault, so the remedy is this shell's."""
    found = agreement(host, "/mine") if how == "flag" else agreement(host, **{DATA_ROOT: "/mine"})
    assert found.severity == "warning"
    assert f"this process: {DATA_ROOT} is /mine, not /disk" in found.message
    assert "zagent env" in found.remedy
    assert "converge" not in found.remedy


def test_a_hf_home_of_ones_own_choice_is_no_difference(host: Path) -> None:
    """A person may keep their downloads where they like."""
    assert agreement(host, **{HF_HOME: "/disk/users/ann/hf"}).severity == "ok"
