"""The stack's configuration: typed, with defaults, and errors that name key and file."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from infra.errors import BadSetting, NoStack
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
        ("sshUser", "no body"),
        ("sshPrivateKeyFile", ""),
        ("modelscopeEndpoint", "modelscope.cn"),
        ("pythonIndexUrl", "somewhere"),
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


def test_a_password_in_a_backup_target_is_not_repeated() -> None:
    """It would stand in the log of whoever runs `pulumi up`."""
    with pytest.raises(BadSetting) as caught:
        settings(backupTarget="rest:https://me:secret@host/backups")
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
    with pytest.raises(NoStack, match="dev, prod"):
        from_files(project)
    assert from_files(project, "prod").stack == "prod"
    with pytest.raises(NoStack, match=r"no Pulumi\.test\.yaml"):
        from_files(project, "test")


def test_another_folder_is_told_so(tmp_path: Path) -> None:
    """Outside the project there is nothing to read."""
    with pytest.raises(NoStack, match="project's folder"):
        from_files(tmp_path)
