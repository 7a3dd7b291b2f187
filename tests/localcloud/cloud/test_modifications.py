"""What ModifyVolume does to the disk behind a volume and to the machine that has it."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.localcloud.cloud.conftest import Recorder
from tests.localcloud.cloud.disks import GIB, Disks
from tests.localcloud.cloud.test_volumes import attached, create, shown
from tests.localcloud.waiting import until

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import VolumeModificationTypeDef

pytestmark = pytest.mark.usefixtures("done")


def modification(ec2: EC2Client, volume: str) -> VolumeModificationTypeDef:
    """What the API shows of the last change of a volume."""
    return ec2.describe_volumes_modifications(VolumeIds=[volume])["VolumesModifications"][-1]


def test_a_volume_grows_where_it_is(ec2: EC2Client, machines: Recorder, disks: Disks) -> None:
    """The file is larger and has what it had, and the machine is told; what is no growth it is not told."""
    instance, volume = attached(ec2)
    with disks.path(volume).open("r+b") as file:
        os.pwrite(file.fileno(), b"content", 99 * GIB)
    ec2.modify_volume(VolumeId=volume, Size=150)
    assert machines.calls[-1] == ("resize", instance, volume)
    assert (shown(ec2, volume)["Size"], disks.path(volume).stat().st_size) == (150, 150 * GIB)
    with disks.path(volume).open("rb") as file:
        assert os.pread(file.fileno(), 7, 99 * GIB) == b"content"
    until(lambda: modification(ec2, volume)["ModificationState"] == "completed")
    ec2.modify_volume(VolumeId=volume, Throughput=250)
    assert [call[0] for call in machines.calls].count("resize") == 1


def test_a_volume_that_is_not_attached_grows(ec2: EC2Client, machines: Recorder, disks: Disks) -> None:
    """No machine is told."""
    volume = create(ec2)
    ec2.modify_volume(VolumeId=volume, Size=150)
    assert (shown(ec2, volume)["Size"], disks.path(volume).stat().st_size) == (150, 150 * GIB)
    assert machines.calls == []


def test_a_volume_never_shrinks(ec2: EC2Client, disks: Disks) -> None:
    """Refused as AWS words it, and nothing else of the call is done."""
    volume = create(ec2)
    with pytest.raises(ClientError, match=r"InvalidParameterValue.*cannot be smaller"):
        ec2.modify_volume(VolumeId=volume, Size=99, Throughput=250)
    assert (shown(ec2, volume)["Size"], shown(ec2, volume)["Throughput"]) == (100, 125)
    assert disks.path(volume).stat().st_size == 100 * GIB


def test_iops_and_throughput_change(ec2: EC2Client) -> None:
    """What the call does not name stays; another type brings its own."""
    volume = create(ec2)
    ec2.modify_volume(VolumeId=volume, Iops=4000, Throughput=250)
    assert (shown(ec2, volume)["Iops"], shown(ec2, volume)["Throughput"]) == (4000, 250)
    told = modification(ec2, volume)
    assert (told["OriginalIops"], told["TargetIops"]) == (3000, 4000)
    assert (told["OriginalThroughput"], told["TargetThroughput"]) == (125, 250)
    assert (told["OriginalSize"], told["TargetSize"]) == (100, 100)
    old = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1, VolumeType="gp2")["VolumeId"]
    ec2.modify_volume(VolumeId=old, VolumeType="gp3")
    assert (shown(ec2, old)["VolumeType"], shown(ec2, old)["Iops"], shown(ec2, old)["Throughput"]) == ("gp3", 3000, 125)


def test_a_modification_takes_a_while(ec2: EC2Client, done: threading.Event) -> None:
    """It is modifying, then optimizing, then completed, and until then there is no other."""
    done.clear()
    volume = create(ec2)
    assert ec2.modify_volume(VolumeId=volume, Size=150)["VolumeModification"]["ModificationState"] == "modifying"
    assert modification(ec2, volume)["ModificationState"] == "modifying"
    with pytest.raises(ClientError, match=r"IncorrectModificationState.*MODIFYING"):
        ec2.modify_volume(VolumeId=volume, Size=200)
    done.set()
    until(lambda: modification(ec2, volume)["ModificationState"] == "completed")
    assert modification(ec2, volume)["Progress"] == 100
    ec2.modify_volume(VolumeId=volume, Size=200)


def test_a_machine_that_is_not_told_fails_the_call(ec2: EC2Client, machines: Recorder) -> None:
    """The volume shows what it had."""
    machines.failing = {"resize"}
    _, volume = attached(ec2)
    with pytest.raises(ClientError, match="resize failed on purpose"):
        ec2.modify_volume(VolumeId=volume, Size=150)
    assert shown(ec2, volume)["Size"] == 100
