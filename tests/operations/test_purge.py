"""``zagent cloud volume``: what there is, and the only road on which a volume is deleted, clause by clause."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result
from zagent.cli.commands import app

from infra import tags
from infra.account import snapshots, volumes
from infra.account.snapshots import FINAL, Snapshot
from infra.account.volumes import Volume
from infra.errors import PurgeRefused, SnapshotFailed
from infra.lookup.volume import newest
from infra.operations import purge, taking
from tests.configured import settings
from tests.localcloud.cloud.api import ec2
from tests.localcloud.cloud.faults import Fault
from tests.operations.cloud import DATA, YOU, Cloud


def there(volume_id: str) -> Volume | None:
    """The volume, if it lives."""
    return volumes.with_id(settings().access, volume_id)


def taken() -> list[Snapshot]:
    """The stack's snapshots, newest first."""
    return snapshots.with_tags(settings().access, settings().own_tags)


def refused(volume_id: str, why: str) -> None:
    """It is not deleted, and nothing is made."""
    before = taken()
    with pytest.raises(PurgeRefused, match=why):
        purge.purge(settings(), volume_id, print)
    assert taken() == before


def test_a_volume_is_deleted_once_its_last_snapshot_is_completed(cloud: Cloud) -> None:
    """The snapshot carries its tags, is final, and brings nothing back by itself."""
    volume = cloud.volume(**{tags.FORMAT: "done:u"})
    cloud.snapshot(volume, **DATA)
    last = purge.purge(settings(), volume, print)
    assert there(volume) is None
    assert last.completed
    (final, earlier) = taken()
    assert (final.id, final.kind, final.volume) == (last.id, FINAL, volume)
    assert final.tags.items() >= {**DATA, tags.FORMAT: "done:u"}.items()
    assert newest([final, earlier], YOU) is None, "what was purged stays away until it is named"


def test_clause_1_another_stacks_volume_stays(cloud: Cloud) -> None:
    """Nor one of no stack, nor one that another stack had; one that this stack had may go."""
    refused("vol-0123456789abcdef0", "no such volume")
    refused(cloud.volume(**{tags.STACK: "prod"}), "belongs to zagent/prod")
    bare = cloud.volume()
    cloud.ec2.delete_tags(Resources=[bare], Tags=[{"Key": tags.PROJECT}, {"Key": tags.STACK}])
    refused(bare, "belongs to no stack")
    cloud.ec2.create_tags(Resources=[bare], Tags=tags.listed({tags.FORMER: "zagent/prod"}))
    refused(bare, "belongs to no stack")
    cloud.ec2.create_tags(Resources=[bare], Tags=tags.listed({tags.FORMER: "zagent/dev"}))
    assert purge.purge(settings(), bare, print).volume == bare
    assert there(bare) is None


def test_clause_2_another_owners_volume_stays(cloud: Cloud) -> None:
    """Whatever one says; nor one that does not say whose it is."""
    anns = cloud.volume(**{tags.OWNER: "arn:aws:iam::1:user/ann"})
    refused(anns, "user/ann's; you are")
    with pytest.raises(PurgeRefused, match="user/ann's; you are"):
        purge.purge(settings(), anns, print, unowned=True)
    unknown = cloud.volume()
    cloud.ec2.delete_tags(Resources=[unknown], Tags=[{"Key": tags.OWNER}])
    refused(unknown, "nobody's; you are")


def test_clause_2_a_volume_of_nobodys_goes_when_somebody_says_that_it_is_theirs(cloud: Cloud) -> None:
    """As one that was adopted may be; the line that is shown does it, and no tag makes it one that was made here."""
    unknown = cloud.volume()
    cloud.ec2.delete_tags(Resources=[unknown], Tags=[{"Key": tags.OWNER}])
    with pytest.raises(PurgeRefused) as refusal:
        purge.require(settings(), unknown)
    command, _, when = refusal.value.advice.partition("   ")
    assert (command, when) == (f"zagent cloud volume purge {unknown} --stack dev --unowned", "if it is yours")
    done = CliRunner().invoke(app, [*command.split()[1:], "--yes"], prog_name="zagent")
    assert done.exit_code == 0, done.output
    assert there(unknown) is None
    (last,) = taken()
    assert tags.OWNER not in last.tags


def test_clause_3_a_volume_in_use_stays(cloud: Cloud) -> None:
    """`pulumi destroy` comes first."""
    volume = cloud.volume()
    host = cloud.host(volume)
    refused(volume, f"attached to {host}")


def test_clause_4_a_snapshot_that_fails_deletes_nothing(cloud: Cloud) -> None:
    """The volume is as before, and its earlier snapshots restore it still."""
    volume = cloud.volume()
    earlier = cloud.snapshot(volume, **DATA)
    ec2().faults.arm(Fault("snapshot", times=1))
    with pytest.raises(SnapshotFailed, match="nothing was deleted"):
        purge.purge(settings(), volume, print)
    assert there(volume) is not None
    found = newest(taken(), YOU)
    assert found is not None
    assert found.id == earlier


@pytest.mark.parametrize("change", ["attached", "retagged", "renamed"])
def test_clause_5_a_volume_that_changed_meanwhile_stays(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """While the snapshot was taken somebody began to use it, or gave it away, or did anything else."""
    volume, complete = cloud.volume(), taking.completed

    def meanwhile(*words: object) -> Snapshot:
        if change == "attached":
            cloud.host(volume)
        else:
            new = {tags.STACK: "prod"} if change == "retagged" else {"Name": "mine"}
            cloud.ec2.create_tags(Resources=[volume], Tags=tags.listed(new))
        return complete(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(taking, "completed", meanwhile)
    with pytest.raises(PurgeRefused):
        purge.purge(settings(), volume, print)
    assert there(volume) is not None
    assert not any(one.kind == FINAL for one in taken())


def run(*words: str) -> Result:
    """The command as a person would type it."""
    return CliRunner().invoke(app, ["cloud", "volume", *words], prog_name="zagent")


def test_the_command_asks_first_and_says_how_it_comes_back(cloud: Cloud) -> None:
    """Nobody to ask is a no; a dry run does nothing; yes does it."""
    volume = cloud.volume()
    assert run("purge", volume).exit_code == 86
    dry = run("purge", volume, "--dry-run")
    assert (dry.exit_code, dry.stdout) == (0, "nothing was done\n")
    assert there(volume) is not None
    assert run("purge", volume[:-1]).exit_code == 84
    done = run("purge", volume, "--yes")
    assert done.exit_code == 0, done.output
    (last,) = taken()
    assert (
        f"back:  pulumi config set restore {last.id}, `pulumi up`, then pulumi config set restore auto" in done.stderr
    )
    assert there(volume) is None


def test_every_volume_is_listed_with_its_use(cloud: Cloud) -> None:
    """The stack's own, and what a restore left."""
    assert "`pulumi up` makes one" in run("ls").stdout
    volume, former = cloud.volume(), cloud.volume()
    assert "one of several" in run("ls").stdout
    cloud.ec2.create_tags(Resources=[former], Tags=tags.listed({tags.FORMER: "zagent/dev"}))
    cloud.ec2.delete_tags(Resources=[former], Tags=[{"Key": tags.PROJECT}, {"Key": tags.STACK}])
    told = [json.loads(line) for line in run("ls", "--json").stdout.splitlines()]
    assert [(one["id"], one["use"].split(";")[0]) for one in told] == [
        (volume, "pulumi up adopts it"),
        (former, "kept after a restore"),
    ]
    host = cloud.host(volume)
    assert f"in use by {host}" in run("ls").stdout
