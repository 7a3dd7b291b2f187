"""Where every variable comes from, whom a `.env` may lead, and what `zagent env` prints."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner
from zagent.cli.commands import app
from zagent.cli.machine_report import environment
from zagent.errors import UsageError
from zagent.settings import (
    DATA_ROOT,
    HF_HOME,
    MODELSCOPE_CACHE,
    OFFLINE,
    SERVICE_USER,
    Settings,
    load,
    of_services,
    trusted,
)

AWKWARD = ["/data", "/mnt/my data", "/mnt/it's", '/mnt/"x" $HOME `id` \\', "/mnt/雪"]


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> int:
    """Be a user other than root; what this test writes is theirs after `give`."""
    uid = os.geteuid() or 1234
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    return uid


def write(path: Path, *lines: str, owner: int | None = None) -> Path:
    """A file of variables, belonging to ``owner``."""
    path.write_text("\n".join(lines) + "\n")
    if owner is not None and path.stat().st_uid != owner:
        os.chown(path, owner, -1)
    return path


def resolved(folder: Path, flag: str | None = None, **environ: str) -> Settings:
    """Settings in a working folder whose agent.env lies beside it."""
    return load(Path(flag) if flag else None, environ, folder, folder / "agent.env")


def test_without_a_word_the_defaults_hold(tmp_path: Path) -> None:
    """/data, the hub's cache in it, and a folder of the user's own."""
    found = resolved(tmp_path)
    assert (found.data_root, found.modelscope_cache) == (Path("/data"), Path("/data/modelscope_cache"))
    assert found.hf_home == Path(f"/data/users/{found.user}/cache/huggingface")
    assert {one.origin for one in found.origins} == {"default"}


def test_each_source_yields_to_the_one_above(tmp_path: Path, person: int) -> None:
    """Flag > environment > .env > agent.env > default, taken away one by one; the origin is named each time."""
    env, agent = tmp_path / ".env", tmp_path / "agent.env"
    write(env, f"{DATA_ROOT}=/from/dotenv", owner=person)
    write(agent, f"{DATA_ROOT}=/from/agent")

    def root(flag: str | None = None, **environ: str) -> tuple[str, str]:
        found = resolved(tmp_path, flag, **environ)
        assert found.modelscope_cache == found.data_root / "modelscope_cache"
        return str(found.data_root), found.origin(DATA_ROOT)

    assert root("/from/flag", **{DATA_ROOT: "/from/environment"}) == ("/from/flag", "flag")
    assert root(**{DATA_ROOT: "/from/environment"}) == ("/from/environment", "environment")
    assert root(**{DATA_ROOT: ""}) == ("/from/dotenv", str(env))
    env.unlink()
    assert root() == ("/from/agent", str(agent))
    agent.unlink()
    assert root() == ("/data", "default")


def test_every_variable_has_an_origin_of_its_own(tmp_path: Path) -> None:
    """A cache in the environment does not make the root come from there."""
    found = resolved(tmp_path, "/disk", **{MODELSCOPE_CACHE: "/disk/other"})
    assert (found.origin(DATA_ROOT), found.origin(MODELSCOPE_CACHE)) == ("flag", "environment")
    assert (found.modelscope_cache, found.origin(HF_HOME)) == (Path("/disk/other"), "default")


def test_only_our_own_names_are_taken_from_a_dotenv(
    tmp_path: Path, person: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project's secrets and search paths stay where they are; ours are not interpolated."""
    before = dict(os.environ)
    write(
        tmp_path / ".env", "LD_PRELOAD=/x", "MODELSCOPE_ENDPOINT=http://evil", f"{DATA_ROOT}=/d/${{HOME}}", owner=person
    )
    found = resolved(tmp_path)
    assert [one.name for one in found.origins] == [DATA_ROOT, MODELSCOPE_CACHE, HF_HOME]
    assert str(found.data_root) == "/d/${HOME}"
    assert dict(os.environ) == before


def test_root_is_led_by_no_dotenv(tmp_path: Path) -> None:
    """Not even by its own: root works in other people's folders."""
    env = write(tmp_path / ".env", f"{DATA_ROOT}=/evil")
    assert not trusted(env, 0)


def test_another_users_dotenv_leads_nobody(tmp_path: Path) -> None:
    """Whoever can write in a shared folder must not decide where others write."""
    env = write(tmp_path / ".env", f"{DATA_ROOT}=/evil")
    owner = env.stat().st_uid
    assert not trusted(env, owner + 1)


@pytest.mark.root
def test_another_users_link_to_ones_own_file_leads_nobody(tmp_path: Path) -> None:
    """The content is one's own, but the choice of it was not."""
    write(tmp_path / "mine", f"{DATA_ROOT}=/elsewhere", owner=1234)
    link = tmp_path / ".env"
    link.symlink_to("mine")
    assert not trusted(link, 1234)
    os.chown(link, 1234, -1, follow_symlinks=False)
    assert trusted(link, 1234)


def test_a_working_folder_that_is_gone_or_closed_has_no_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sudo -u ann zagent …` within root's home is no error."""
    assert not trusted(tmp_path / "gone" / ".env", 1234)

    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", refuse)
    assert not trusted(tmp_path / ".env", 1234)


def test_the_services_hf_home_is_not_a_persons(tmp_path: Path) -> None:
    """agent.env pins the data root and the cache for people, too, but HF_HOME only for services."""
    write(tmp_path / "agent.env", f"{DATA_ROOT}=/disk", f"{MODELSCOPE_CACHE}=/disk/c", f"{HF_HOME}=/disk/c")
    found = resolved(tmp_path)
    assert found.modelscope_cache == Path("/disk/c")
    assert found.hf_home == Path(f"/disk/users/{found.user}/cache/huggingface")


def test_a_service_that_is_given_hf_home_has_it(tmp_path: Path) -> None:
    """It comes through the environment: systemd reads agent.env itself."""
    assert resolved(tmp_path, **{HF_HOME: "/disk/c"}).hf_home == Path("/disk/c")


@pytest.mark.parametrize("value", ["/disk/c", "/disk/c/"])
@pytest.mark.parametrize("source", ["environment", ".env"])
def test_the_services_hf_home_is_no_persons_wherever_it_comes_from(
    tmp_path: Path, person: int, source: str, value: str
) -> None:
    """/etc/environment gives it to everyone, also to `ssh host zagent …`: a person has a folder of their own."""
    write(tmp_path / "agent.env", f"{DATA_ROOT}=/disk", f"{HF_HOME}=/disk/c")
    if source == ".env":
        write(tmp_path / ".env", f"{HF_HOME}={value}", owner=person)
    found = resolved(tmp_path, **({HF_HOME: value} if source == "environment" else {}))
    assert found.hf_home == Path(f"/disk/users/{found.user}/cache/huggingface")
    assert found.origin(HF_HOME) == "default"
    assert f"export {HF_HOME}={found.hf_home}" in environment(found, "shell", explain=False)


def test_the_service_user_keeps_the_services_hf_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same variables mean the same folder for the user whom they are meant for."""
    monkeypatch.setattr("zagent.settings.user_name", lambda: SERVICE_USER)
    write(tmp_path / "agent.env", f"{DATA_ROOT}=/disk", f"{HF_HOME}=/disk/c")
    assert resolved(tmp_path, **{HF_HOME: "/disk/c"}).hf_home == Path("/disk/c")


def test_a_hf_home_of_ones_own_choice_stays(tmp_path: Path) -> None:
    """Only the services' own value is passed over."""
    write(tmp_path / "agent.env", f"{DATA_ROOT}=/disk", f"{HF_HOME}=/disk/c")
    found = resolved(tmp_path, **{HF_HOME: "/disk/users/ann/hf"})
    assert (found.hf_home, found.origin(HF_HOME)) == (Path("/disk/users/ann/hf"), "environment")


def test_what_services_have_is_told_by_agent_env_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process's own variables and its working folder say nothing of it."""
    monkeypatch.setenv(DATA_ROOT, "/mine")
    write(tmp_path / "agent.env", f"{DATA_ROOT}=/disk", f"{MODELSCOPE_CACHE}=/disk/c")
    found = of_services(tmp_path / "agent.env")
    assert (found.data_root, found.modelscope_cache) == (Path("/disk"), Path("/disk/c"))


def test_an_agent_env_that_cannot_be_read_is_never_passed_over(tmp_path: Path) -> None:
    """Without it the default would be used, on the wrong disk."""
    (tmp_path / "agent.env").mkdir()
    with pytest.raises(UsageError, match=r"agent\.env can't be read"):
        resolved(tmp_path)
    (tmp_path / "agent.env").rmdir()
    (tmp_path / "agent.env").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"agent\.env can't be read"):
        resolved(tmp_path)


@pytest.mark.parametrize("name", [DATA_ROOT, MODELSCOPE_CACHE, HF_HOME])
@pytest.mark.parametrize("value", ["data", "./data", "~/data", "../data"])
def test_a_relative_path_is_refused_with_its_origin(tmp_path: Path, name: str, value: str) -> None:
    """It would mean another place in every working folder."""
    with pytest.raises(UsageError) as raised:
        resolved(tmp_path, **{name: value})
    assert str(raised.value) == f"{name}={value} (environment) must be an absolute path"


def test_a_relative_flag_is_of_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person types it here and now."""
    monkeypatch.chdir(tmp_path)
    assert resolved(tmp_path, "disk").data_root == tmp_path / "disk"


@pytest.mark.parametrize("written", ["/disk/", "/disk//", "/disk"])
def test_trailing_slashes_are_of_no_account(tmp_path: Path, written: str) -> None:
    """What is printed is what people compare."""
    assert resolved(tmp_path, **{DATA_ROOT: written}).origins[0].value == "/disk"


@pytest.mark.parametrize("root", AWKWARD)
def test_a_shell_reads_back_the_same_values(tmp_path: Path, root: str) -> None:
    """`eval "$(zagent env)"` with spaces, quotes, dollars and backslashes; and it changes nothing the second time."""
    settings = resolved(tmp_path, root)
    names = [one.name for one in settings.origins] + list(OFFLINE)
    script = 'eval "$1"; shift; for name; do printf "%s\\0" "${!name}"; done'
    printed = environment(settings, "shell", explain=False)
    done = subprocess.run(["bash", "-c", script, "-", printed, *names], capture_output=True, text=True, check=True)
    values = dict(zip(names, done.stdout.split("\0"), strict=False))
    assert values == {**{one.name: one.value for one in settings.origins}, **OFFLINE}
    again = load(None, values, tmp_path, tmp_path / "agent.env")
    assert environment(again, "shell", explain=False) == printed


@pytest.mark.parametrize("root", AWKWARD)
def test_a_dotenv_reads_back_the_same_values(tmp_path: Path, person: int, root: str) -> None:
    """What `zagent env --format dotenv` prints is what we take from such a file."""
    settings = resolved(tmp_path, root)
    write(tmp_path / ".env", environment(settings, "dotenv", explain=False), owner=person)
    assert [one.value for one in resolved(tmp_path).origins] == [one.value for one in settings.origins]


def test_explain_names_every_origin() -> None:
    """From the command line: the flag, the defaults, and the switches that are always on."""
    done = CliRunner().invoke(app, ["--data-root", "/disk", "env", "--explain"])
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert lines[DATA_ROOT].endswith("flag")
    assert lines[MODELSCOPE_CACHE].endswith("default")
    assert all("always" in lines[name] for name in OFFLINE)
