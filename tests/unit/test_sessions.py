"""SSH through AWS's Session Manager, as it is typed and as OpenSSH takes it."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from infra.account.access import Access
from infra.account.sessions import TOOLS, proxy_command, require_tools, ssh
from infra.errors import NoWayIn

PROXY = "aws ssm start-session --target %h --document-name AWS-StartSSHSession --parameters portNumber=%p"


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are looked for."""
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("access", "more"),
    [
        (Access("eu-west-1"), "--region eu-west-1"),
        (Access("eu-west-1", "me"), "--region eu-west-1 --profile me"),
        (Access("eu-west-1", "my own"), "--region eu-west-1 --profile 'my own'"),
        (Access("eu-west-1", "$(reboot)"), "--region eu-west-1 --profile '$(reboot)'"),
    ],
)
def test_the_proxy_asks_for_the_host_that_is_named(access: Access, more: str) -> None:
    """In the stack's region, as the stack's profile; OpenSSH's shell sees each word as one."""
    assert proxy_command(access) == f"{PROXY} {more}"


@pytest.mark.parametrize(("variable", "more"), [("eu-north-1", " --region eu-north-1"), ("", "")])
def test_a_region_that_the_stack_does_not_say(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, more: str
) -> None:
    """It is the environment's; where there is none, the AWS CLI tells so itself."""
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.fspath(tmp_path / "none"))
    monkeypatch.setenv("AWS_DEFAULT_REGION", variable)
    assert proxy_command(Access()) == PROXY + more


def test_the_line_to_log_in() -> None:
    """At an address nothing more is needed; by an instance id, the proxy is one word of it."""
    assert ssh("ubuntu", "203.0.113.7") == "ssh ubuntu@203.0.113.7"
    proxy = proxy_command(Access("eu-west-1", "my own"))
    words = shlex.split(ssh("ubuntu", "i-0123456789abcdef0", proxy))
    assert words == ["ssh", "-o", f"ProxyCommand={proxy}", "ubuntu@i-0123456789abcdef0"]


@pytest.mark.parametrize(
    ("installed", "missing"),
    [((), "aws and session-manager-plugin"), (TOOLS[:1], "session-manager-plugin"), (TOOLS[1:], "aws")],
)
def test_what_is_missing_is_told(bin_folder: Path, installed: tuple[str, ...], missing: str) -> None:
    """With the two ways out: install it, or open SSH to one's own address."""
    for one in installed:
        (bin_folder / one).touch(0o755)
    with pytest.raises(NoWayIn, match=f"Session Manager, but {missing} can't be found here$") as caught:
        require_tools()
    assert "install the AWS CLI and its Session Manager plug-in" in caught.value.advice
    assert "pulumi config set --path 'sshCidrs[0]' ADDRESS/32" in caught.value.advice


def test_both_tools_are_enough(bin_folder: Path) -> None:
    """They are looked for where a shell would; a file that can't be run is no tool."""
    for one in TOOLS:
        (bin_folder / one).touch(0o755)
    require_tools()
    (bin_folder / "aws").chmod(0o644)
    with pytest.raises(NoWayIn, match="but aws can't"):
        require_tools()
