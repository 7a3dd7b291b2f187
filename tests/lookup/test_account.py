"""What AWS says when it is asked, of the API that the repository serves."""

from __future__ import annotations

import pytest
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS

from infra import tags
from infra.account import caller, hosts, images, policies, quotas, snapshots, types, volumes
from infra.account.access import Access
from tests.configured import REGION
from tests.localcloud.cloud import api
from tests.localcloud.cloud.ec2.image import AMI_ID
from tests.localcloud.waiting import until
from tests.lookup.regions import EMPTY, without_image
from tests.operations.cloud import OWN, YOU, Cloud

ELSEWHERE = "111122223333"
"""Another account."""


@pytest.fixture
def access(cloud: Cloud) -> Access:
    """The region where everything is, once the API is served."""
    return Access(REGION)


def test_a_volume_by_its_id(cloud: Cloud, access: Access) -> None:
    """As EC2 shows it, with what its tags say."""
    made = cloud.volume()
    host = cloud.host(made)
    found = volumes.with_id(access, made)
    assert found
    assert (found.id, found.zone, found.size, found.kind) == (made, "us-east-1a", 4, "gp3")
    assert (found.iops, found.throughput, found.encrypted, found.snapshot) == (3000, 500, True, "")
    assert (found.attached_to, found.stack, found.owner) == ((host,), "zagent/dev", YOU)


@pytest.mark.parametrize("volume_id", ["vol-0123456789abcdef0", "vol-0"])
def test_no_volume_of_that_id(access: Access, volume_id: str) -> None:
    """None is an answer."""
    assert volumes.with_id(access, volume_id) is None


def test_a_deleted_volume_is_none(cloud: Cloud, access: Access) -> None:
    """Neither by its id nor by its tags."""
    made = cloud.volume()
    cloud.ec2.delete_volume(VolumeId=made)
    until(lambda: volumes.with_id(access, made) is None)
    assert volumes.with_tags(access, OWN) == []


def test_volumes_by_all_of_their_tags(cloud: Cloud, access: Access) -> None:
    """Half of them is not enough; the answer is in the order of the ids."""
    made = sorted([cloud.volume(), cloud.volume(team="images")])
    cloud.volume(**{tags.STACK: "prod"})
    assert [one.id for one in volumes.with_tags(access, OWN)] == made
    assert len(volumes.with_tags(access, OWN | {"team": "images"})) == 1


def test_snapshots_are_the_accounts_own(cloud: Cloud, access: Access) -> None:
    """One that another account shares may carry any tags; it is there for whoever names it."""
    volume = cloud.volume()
    first, theirs, last = (cloud.snapshot(volume, **OWN) for _ in range(3))
    cloud.snapshot(volume, **{tags.PROJECT: "zagent"})
    api.ec2().snapshots[theirs].owner_id = ELSEWHERE
    found = snapshots.with_tags(access, OWN)
    assert {one.id for one in found} == {first, last}
    assert found == sorted(found, key=lambda one: (one.started, one.id), reverse=True)
    named = snapshots.with_id(access, theirs)
    assert named
    assert (named.id, named.volume, named.size, named.completed) == (theirs, volume, 4, True)


@pytest.mark.parametrize("snapshot_id", ["snap-0123456789abcdef0", "snap-0"])
def test_no_snapshot_of_that_id(access: Access, snapshot_id: str) -> None:
    """None is an answer."""
    assert snapshots.with_id(access, snapshot_id) is None


def test_a_host_and_its_root(cloud: Cloud, access: Access) -> None:
    """Its system disk is told from its data volume."""
    data = cloud.volume()
    made = cloud.host(data)
    [found] = hosts.with_tags(access, OWN)
    assert [found] == hosts.with_ids(access, (made, "i-0123456789abcdef0"))
    assert (found.id, found.state, found.stopped) == (made, "running", False)
    assert (found.instance_type, found.image, found.zone[:-1]) == ("g6e.xlarge", AMI_ID, REGION)
    [address] = cloud.ec2.describe_addresses()["Addresses"]
    assert found.address == address["PublicIp"]
    root = volumes.with_id(access, found.root)
    assert root
    assert root.id != data
    assert (root.size, root.attached_to) == (75, (made,))


def test_a_stopped_host_says_why(cloud: Cloud, access: Access) -> None:
    """Somebody did it, and EC2 knows when."""
    made = cloud.host()
    cloud.ec2.stop_instances(InstanceIds=[made])
    [found] = hosts.with_ids(access, (made,))
    assert found.stopped
    until(lambda: cloud.state(made) == "stopped")
    [found] = hosts.with_ids(access, (made,))
    assert found.stopped
    assert found.why.startswith("User initiated")


def test_a_terminated_host_is_none(cloud: Cloud, access: Access) -> None:
    """EC2 shows it for an hour; and without an id nothing is asked, which would be all."""
    made, other = cloud.host(), cloud.host()
    cloud.ec2.terminate_instances(InstanceIds=[made])
    until(lambda: cloud.state(made) == "terminated")
    assert hosts.with_ids(access, (made,)) == []
    assert [one.id for one in hosts.with_tags(access, OWN)] == [other]
    assert hosts.with_ids(access, ()) == []


@pytest.mark.parametrize(
    ("name", "vcpus", "burst", "cards", "bf16"),
    [
        ("g6e.xlarge", 4, 625.0, ("L40S",), True),
        ("g4dn.xlarge", 4, 437.5, ("T4",), False),
        ("p4d.24xlarge", 96, 2375.0, ("A100",), True),
        ("m5.large", 2, 593.75, (), True),
    ],
)
def test_a_type(access: Access, name: str, vcpus: int, burst: float, cards: tuple[str, ...], bf16: bool) -> None:
    """What it has, and what it reads of a volume."""
    found = types.named(access, name)
    assert found
    assert (found.name, found.vcpus, found.burst, found.cards, found.has_bf16) == (name, vcpus, burst, cards, bf16)
    assert 0 < found.steady <= found.burst


def test_an_unknown_type(access: Access) -> None:
    """None of that name, and no zone has it."""
    assert types.named(access, "g9x.huge") is None
    assert types.zones_offering(access, "g9x.huge") == []


def test_zones_that_offer_a_type(access: Access) -> None:
    """By name, all of this region; not every zone has every type."""
    found = types.zones_offering(access, "g6e.xlarge")
    assert found == sorted(found)
    assert set(found) < set(types.zones_offering(access, "g6.xlarge"))
    assert "us-east-1a" in found
    assert {one[:-1] for one in found} == {REGION}


def test_a_local_zone_is_no_place_for_a_stack(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account that opted in is told of them, too; by name they come first."""
    offered = INSTANCE_TYPE_OFFERINGS["availability-zone"][REGION]
    local = {"InstanceType": "g6e.xlarge", "LocationType": "availability-zone", "Location": "us-east-1-bos-1a"}
    before = types.zones_offering(access, "g6e.xlarge")
    monkeypatch.setitem(INSTANCE_TYPE_OFFERINGS["availability-zone"], REGION, [local, *offered])
    told = access.ec2.describe_instance_type_offerings(LocationType="availability-zone")["InstanceTypeOfferings"]
    assert "us-east-1-bos-1a" in {one["Location"] for one in told}
    assert types.zones_offering(access, "g6e.xlarge") == before


@pytest.mark.parametrize(("code", "vcpus"), [("L-DB2E81BA", 64), ("L-417A185B", 0), ("L-00000000", None)])
def test_a_quota(access: Access, code: str, vcpus: int | None) -> None:
    """One that can't be read is unknown, which is not 0."""
    assert quotas.vcpus(access, code) == vcpus


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("g6e.xlarge", "L-DB2E81BA"),
        ("g4dn.xlarge", "L-DB2E81BA"),
        ("gr6.4xlarge", "L-DB2E81BA"),
        ("vt1.3xlarge", "L-DB2E81BA"),
        ("p5.48xlarge", "L-417A185B"),
        ("p4d.24xlarge", "L-417A185B"),
        ("t3.micro", "L-1216C47A"),
        ("m5.large", "L-1216C47A"),
    ],
)
def test_the_quota_of_a_family(name: str, code: str) -> None:
    """G and VT share one, P has its own, most others are standard."""
    assert quotas.code_of(name) == code


def test_the_current_image(access: Access) -> None:
    """AWS names it in a parameter, which not every region has."""
    without_image(EMPTY)
    assert images.current(access) == AMI_ID
    assert images.current(Access(EMPTY)) is None


def test_policies_by_their_target(cloud: Cloud, access: Access) -> None:
    """The data volume's is not the system disk's, nor another stack's."""
    data, root = cloud.policy(), cloud.policy("zagent/dev/root")
    cloud.policy("zagent/prod")
    found = policies.with_target(access, tags.SNAPSHOTS, "zagent/dev")
    assert found == [policies.Policy(data, "ENABLED", "d")]
    assert [one.id for one in policies.with_target(access, tags.SNAPSHOTS, "zagent/dev/root")] == [root]
    assert policies.with_target(access, tags.SNAPSHOTS, "zagent") == []
    assert policies.with_target(access, tags.STACK, "zagent/dev") == []


@pytest.mark.parametrize(
    ("arn", "owner"),
    [
        ("arn:aws:sts::123456789012:assumed-role/Admin/me@there", "arn:aws:sts::123456789012:assumed-role/Admin"),
        ("arn:aws-cn:sts::123456789012:assumed-role/A/1", "arn:aws-cn:sts::123456789012:assumed-role/A"),
        ("arn:aws:iam::123456789012:user/you", "arn:aws:iam::123456789012:user/you"),
        ("arn:aws:iam::123456789012:user/team/you", "arn:aws:iam::123456789012:user/team/you"),
        ("arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:root"),
    ],
)
def test_who_owns_what_is_made(arn: str, owner: str) -> None:
    """A role is the same whatever its session is called."""
    found = caller.Caller("123456789012", arn)
    assert (caller.owner(arn), found.partition) == (owner, arn.split(":")[1])


def test_who_asks(access: Access) -> None:
    """As STS says."""
    assert caller.caller(access) == caller.Caller("123456789012", YOU)


def test_a_role_asks(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sessions of a role are one owner."""
    access.session.client("iam").create_role(RoleName="Admin", AssumeRolePolicyDocument="{}")
    found = set()
    for session in ("monday", "tuesday"):
        role = "arn:aws:iam::123456789012:role/Admin"
        lent = access.sts.assume_role(RoleArn=role, RoleSessionName=session)["Credentials"]
        with monkeypatch.context() as patched:
            patched.setenv("AWS_ACCESS_KEY_ID", lent["AccessKeyId"])
            patched.setenv("AWS_SECRET_ACCESS_KEY", lent["SecretAccessKey"])
            patched.setenv("AWS_SESSION_TOKEN", lent["SessionToken"])
            found.add(caller.caller(Access(REGION)))
    assert found == {caller.Caller("123456789012", "arn:aws:sts::123456789012:assumed-role/Admin")}
