"""The stack's configuration: typed, with defaults, and errors that name key and file."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from infra.errors import BadSetting, NoStack, StackUnreadable
from infra.stack_files import from_files
from tests.configured import DECLARED, REPOSITORY, settings


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project's folder with its Pulumi.yaml and no stack yet."""
    (tmp_path / "Pulumi.yaml").write_text((REPOSITORY / "Pulumi.yaml").read_text())
    return tmp_path


def test_every_key_is_declared_whole() -> None:
    """A typed key without a default stops `pulumi up`; one without a description is a riddle."""
    for key, one in DECLARED.items():
        assert {"type", "default", "description"} <= one.keys(), key


def test_the_engine_and_the_files_mean_the_same() -> None:
    """The engine hands everything over as text, a file as what YAML makes of it."""
    as_text = settings(sshCidrs='["192.0.2.1/32"]', volumeSizeGib="0", pullOnUp="true", tags="{}")
    assert as_text == settings()
    assert as_text.pull_on_up
    assert as_text.ssh_cidrs == ("192.0.2.1/32",)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("instanceType", "big"),
        ("amiId", "ubuntu"),
        ("availabilityZone", "us-east-1"),
        ("volumeSizeGib", "-1"),
        ("volumeSizeGib", "70000"),
        ("volumeSizeGib", "ten"),
        ("volumeId", "vol-xyz"),
        ("volumeThroughput", "124"),
        ("volumeThroughput", "2001"),
        ("volumeIops", "99"),
        ("restore", "latest"),
        ("restore", "snap-"),
        ("kmsKeyArn", "alias/aws/ebs"),
        ("snapshotTime", "24:00"),
        ("snapshotTime", "3:00"),
        ("snapshotKeep", "0"),
        ("snapshotKeep", "1001"),
        ("snapshotRoot", "maybe"),
        ("sshCidrs", "192.0.2.1/32"),
        ("sshCidrs", ["192.0.2.1/8"]),
        ("sshCidrs", ["0.0.0.0/0"]),
        ("sshCidrs", ["::/0"]),
        ("sshCidrs", ["2001:db8::/64"]),
        ("sshUser", "no body"),
        ("sshPrivateKeyFile", ""),
        ("sshPrivateKeyFile", ["~/.ssh/id_ed25519"]),
        ("sshPrivateKeyFile", None),
        ("modelscopeEndpoint", "modelscope.cn"),
        ("pythonIndexUrl", "somewhere"),
        ("pythonIndexUrl", "https://me:secret@host/simple"),
        ("pullOnUp", "perhaps"),
        ("backupTarget", "backups"),
        ("backupTarget", "ftp://backups"),
        ("backupTarget", "sftp://me:secret@host/backups"),
        ("tags", ["a"]),
        ("tags", {"zagent:stack": "other"}),
        ("tags", {"aws:name": "x"}),
    ],
)
def test_a_bad_value_names_key_and_file(key: str, value: object) -> None:
    """The person is told what to type."""
    with pytest.raises(BadSetting) as caught:
        settings(**{key: value})
    assert caught.value.message.startswith(f"{key} in Pulumi.dev.yaml is ")
    assert caught.value.advice.startswith(
        (f"pulumi config set {key} ", f"pulumi config set --path '{key}[0]' ", f"pulumi config set --path {key}.")
    )


def test_nothing_said_means_unset() -> None:
    """An empty text or 0 leaves it to the cloud; no address that may log in is a way of its own."""
    found = settings(sshCidrs=[])
    unset = (found.volume_id, found.volume_size_gib, found.volume_throughput, found.volume_iops, found.kms_key_arn)
    assert unset == ("", 0, 0, 0, "")
    assert not found.has_address
    assert settings().has_address


def test_an_address_is_the_range_of_itself() -> None:
    """EC2 takes ranges alone; and the host has no address of IPv6, so that its ranges would let nobody in."""
    assert settings(sshCidrs=["203.0.113.7", "192.0.2.0/24"]).ssh_cidrs == ("203.0.113.7/32", "192.0.2.0/24")
    with pytest.raises(BadSetting, match="the host has no IPv6 address"):
        settings(sshCidrs=["2001:db8::7"])


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("backupTarget", "rest:https://me:secret@host/backups"),
        ("pythonIndexUrl", "https://me:secret@host/simple"),
        ("pythonIndexUrl", "htp://me:secret@host/simple"),
    ],
)
def test_a_password_in_an_address_is_not_repeated(key: str, address: str) -> None:
    """It would stand in the log of whoever runs `pulumi up`."""
    with pytest.raises(BadSetting) as caught:
        settings(**{key: address})
    assert "secret" not in caught.value.message + caught.value.advice
    assert "a password in an address is seen by everyone" in caught.value.message


@pytest.mark.parametrize("target", ["", "/mnt/backup", "restic:/mnt/backup", "restic:s3:https://s3.example.org/bucket"])
def test_a_backup_target_is_what_the_agent_takes(target: str) -> None:
    """Or nothing."""
    assert settings(backupTarget=target).backup_target == target


def test_our_tags_win() -> None:
    """The tags by which the volume is found are on everything, beside the person's own."""
    assert settings(tags={"team": "images"}).tags == {
        "team": "images",
        "zagent:project": "zagent",
        "zagent:stack": "dev",
    }


def test_the_files_are_read_without_an_engine(project: Path) -> None:
    """Defaults from Pulumi.yaml, the rest from the only stack file there is."""
    own = {
        "zagent:sshCidrs": ["192.0.2.1/32"],
        "zagent:pullOnUp": False,
        "aws:region": "eu-west-1",
        "aws:profile": "me",
    }
    (project / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": own}))
    found = from_files(project)
    assert (found.stack, found.region, found.profile, found.pull_on_up) == ("dev", "eu-west-1", "me", False)
    assert found.instance_type == "g6e.xlarge"


def test_one_stack_of_several_must_be_named(project: Path) -> None:
    """No stack is taken by chance."""
    for stack in ("dev", "prod"):
        (project / f"Pulumi.{stack}.yaml").write_text("config: {zagent:sshCidrs: [192.0.2.1/32]}\n")
    with pytest.raises(NoStack, match="none is named, and there are dev, prod") as caught:
        from_files(project)
    assert "--stack dev" in caught.value.advice
    assert from_files(project, "prod").stack == "prod"


@pytest.mark.parametrize(
    ("there", "says", "advice"),
    [
        (["dev"], "no stack nope here; there is dev", "--stack dev"),
        (["dev", "prod"], "no stack nope here; there are dev, prod", "--stack dev"),
        ([], "no stack nope here; there is none", "pulumi stack init nope"),
    ],
)
def test_a_stack_that_is_not_there_is_told_so(project: Path, there: list[str], says: str, advice: str) -> None:
    """It was named; what is there is named back."""
    for stack in there:
        (project / f"Pulumi.{stack}.yaml").touch()
    with pytest.raises(NoStack, match=says) as caught:
        from_files(project, "nope")
    assert advice in caught.value.advice


def test_another_folder_is_told_so(tmp_path: Path) -> None:
    """Outside the project there is nothing to read, whatever is named."""
    for stack in ("", "dev"):
        with pytest.raises(NoStack, match=f"there is no Pulumi.yaml in {tmp_path}") as caught:
            from_files(tmp_path, stack)
        assert caught.value.advice.startswith("cd to the folder of zagent's repository")


@pytest.mark.parametrize("name", ["Pulumi.yaml", "Pulumi.dev.yaml"])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"name: zagent\nconfig: [", "line 2: expected the node content"),
        (b"name: zagent\nconfig: \xff", "line 2: it is not UTF-8"),
        (b"aaa", "it is no table"),
        (b"1: 2", "it is no table"),
        (b"[]", "it is no table"),
        (b"name: zagent\nconfig: aaa", "config is no table"),
        (b"name: zagent\nconfig: []", "config is no table"),
        (b"config: {1: 2}", ""),
        (b"a: \0", "special characters are not allowed"),
        (b"a: 2026-13-45", "month"),
        (b"a: !!bool x", ""),
        (b"[" * 5000, ""),
    ],
)
def test_a_broken_file_is_told_with_its_line(project: Path, name: str, content: bytes, why: str) -> None:
    """As what it is, with the way back."""
    (project / "Pulumi.dev.yaml").touch()
    (project / name).write_bytes(content)
    with pytest.raises(StackUnreadable) as caught:
        from_files(project)
    assert caught.value.message.startswith(f"{name} can't be read: ")
    assert why in caught.value.message
    assert caught.value.advice == f"mend it, or `git checkout {name}`"


@pytest.mark.parametrize("key", ["aws:region", "aws:profile"])
def test_where_aws_is_asked_is_a_text(project: Path, key: str) -> None:
    """A list or a table is none."""
    (project / "Pulumi.dev.yaml").write_text(f"config: {{{key}: [a]}}\n")
    with pytest.raises(BadSetting, match=f"{key} in Pulumi.dev.yaml is"):
        from_files(project)


@pytest.mark.parametrize("said", ["eu-west-1", "{value: eu-west-1}", "{default: eu-west-1}"])
def test_what_all_stacks_ask_is_in_the_projects_file(project: Path, said: str) -> None:
    """The engine gives it to the provider, so the look-ups ask there as well, unless the stack says otherwise."""
    whole = (project / "Pulumi.yaml").read_text()
    (project / "Pulumi.yaml").write_text(whole.replace("config:\n", f"config:\n  aws:region: {said}\n", 1))
    (project / "Pulumi.dev.yaml").write_text("config: {aws:profile: me}\n")
    (project / "Pulumi.prod.yaml").write_text("config: {aws:region: us-west-2}\n")
    assert (from_files(project, "dev").region, from_files(project, "dev").profile) == ("eu-west-1", "me")
    assert from_files(project, "prod").region == "us-west-2"


@pytest.mark.parametrize("key", ["accessKey", "secretKey", "assumeRole", "assumeRoles"])
@pytest.mark.parametrize(
    ("file", "said"), [("Pulumi.dev.yaml", "{secure: v1:x}"), ("Pulumi.yaml", "{value: v1:x}"), ("Pulumi.yaml", "v1:x")]
)
def test_nobody_else_asks_for_the_provider_alone(project: Path, file: str, said: str, key: str) -> None:
    """The look-ups would look in another account; a secret is not repeated, readable or not."""
    (project / "Pulumi.dev.yaml").write_text("config:\n")
    whole = (project / file).read_text()
    (project / file).write_text(whole.replace("config:\n", f"config:\n  aws:{key}: {said}\n", 1))
    with pytest.raises(BadSetting, match=f"^aws:{key} in Pulumi.dev.yaml or Pulumi.yaml is set: ") as caught:
        from_files(project)
    assert "v1:x" not in caught.value.message
    assert caught.value.advice.startswith("pulumi config set aws:profile ")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("zagent:pythonIndexUrl", {"secure": "v1:x"}),
        ("zagent:sshCidrs", [{"secure": "v1:x"}]),
        ("zagent:tags", {"team": {"secure": "v1:x"}}),
        ("aws:region", {"secure": "v1:x"}),
    ],
)
def test_a_secret_is_for_the_engine_alone(project: Path, key: str, value: object) -> None:
    """Without its passphrase there is nothing to read; the person is told how to set it."""
    (project / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": {key: value}}))
    name = key.removeprefix("zagent:")
    with pytest.raises(BadSetting, match=f"^{name} in Pulumi.dev.yaml is a secret: only the engine") as caught:
        from_files(project)
    assert caught.value.advice == f"pulumi config set --plaintext {name} VALUE"


def test_secrets_of_others_are_nobodys_business(project: Path) -> None:
    """What no setting is made of stays as it is."""
    (project / "Pulumi.dev.yaml").write_text("config: {zagent:mine: {secure: v1:x}, other:token: {secure: v1:x}}\n")
    assert from_files(project).stack == "dev"


def test_an_hour_written_by_hand_stays_one(project: Path) -> None:
    """YAML 1.1 takes 13:30 for 810, the engine does not; numbers stay numbers."""
    own = "config:\n  zagent:snapshotTime: 13:30\n  zagent:volumeSizeGib: 200\n"
    (project / "Pulumi.dev.yaml").write_text(own)
    found = from_files(project)
    assert (found.snapshot_time, found.volume_size_gib) == ("13:30", 200)
