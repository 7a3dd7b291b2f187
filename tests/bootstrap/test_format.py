"""The safety contract of mkfs.xfs, clause by clause, on a real block device."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from infra.bootstrap.features import profile
from infra.bootstrap.gather import on_host
from infra.bootstrap.permission import Record
from infra.bootstrap.steps.format import Format
from infra.errors import CloudRefused, CommandFailed, FormatRefused
from tests.bootstrap.disk import NEW, SIZE, UUID, Disk, half_made, mkfs_version, run
from tests.bootstrap.signatures import SIGNATURES, Signature

pytestmark = pytest.mark.root

OTHER = "99999999-2222-4333-8444-555555555555"
GROUP = 128 << 20
"""Bytes of an ext4 block group, at whose end begins a copy of the superblock."""


def refused(disk: Disk, says: str, **asked: str) -> None:
    """A format is refused with these words, not a byte changes, and nothing is noted."""
    before = disk.digest()
    with pytest.raises(FormatRefused) as error:
        disk.format(**asked)
    assert says in error.value.message
    assert disk.digest() == before
    assert disk.permission.notes == []
    assert not mkfs(disk)


def mkfs(disk: Disk) -> list[list[str]]:
    """The mkfs commands that were run."""
    return [words for words in disk.host.commands if words[0].startswith("mkfs")]


def test_a_blank_disk_is_formatted_with_the_noted_uuid(disk: Disk) -> None:
    """The good case, and the note stands before mkfs runs."""
    noted: list[list[str]] = []
    disk.host.before = lambda words: noted.append(list(disk.permission.notes)) if words[0] == "mkfs.xfs" else None
    disk.format()
    assert disk.probe().split() == [UUID, "xfs"]
    assert noted == [[f"formatting:{UUID}"]]


def test_each_clause_of_the_contract_has_its_test() -> None:
    """The comment above mkfs.xfs numbers its clauses; each has one test of that number here, and there is no other."""
    clauses = re.findall(r"# +(\d)\. ", inspect.getsource(Format))
    tests = [found[1] for name in globals() if (found := re.match(r"test_clause_(\d)_", name))]
    assert tests == clauses == list("1234567")


def test_it_has_the_features_that_every_kernel_of_its_life_knows(disk: Disk) -> None:
    """Each one of the profile, as the made filesystem itself tells; the host's own defaults decide none of them."""
    wanted = {line for line in profile(mkfs_version()).splitlines() if "=" in line}
    assert len(wanted) >= 8
    disk.format()
    assert wanted <= features(disk)
    run("mkfs.xfs", "-q", "-f", "-i", "sparse=0", "-m", "bigtime=0", disk.device)
    assert wanted - features(disk) == {"sparse=1", "bigtime=1"}


def features(disk: Disk) -> set[str]:
    """All that xfs_info tells of a filesystem."""
    return set(run("xfs_info", disk.device).replace(",", " ").split())


def test_clause_1_another_serial_number(disk: Disk) -> None:
    """A device name that means another disk by now is not formatted."""
    refused(disk, "the volume's is volother", serial="volother")


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (Record(), "no record in the cloud"),
        (replace(NEW, ours=False), "no record in the cloud"),
        (replace(NEW, made_here=False), "it was adopted, and made by somebody else"),
        (replace(NEW, blank_born=False), "from a snapshot"),
        (replace(NEW, phase="done", uuid=UUID), "formatted before"),
        (replace(NEW, phase="formatting", uuid=OTHER), "another uuid"),
    ],
    ids=["nobody's", "another stack's", "adopted", "from a snapshot", "formatted before", "begun with another uuid"],
)
def test_clause_2_the_record_does_not_allow_it(disk: Disk, record: Record, says: str) -> None:
    """A blank disk alone is no permission."""
    disk.permission.record = record
    refused(disk, says)


@pytest.mark.parametrize("wrong", ["a byte more", "a byte less", "held"])
def test_clause_3_another_size_or_in_use(disk: Disk, wrong: str) -> None:
    """One byte more or less is another disk; one that is held open exclusively, as by a mount, is somebody's."""
    if wrong != "held":
        size = SIZE + (1 if wrong == "a byte less" else -1)
        disk.permission.record = replace(disk.permission.record, size=size)
        return refused(disk, f"it has {SIZE} bytes, the volume has {size}")
    handle = os.open(disk.device, os.O_RDONLY | os.O_EXCL)
    try:
        return refused(disk, "it is in use")
    finally:
        os.close(handle)


@pytest.mark.parametrize("signature", SIGNATURES, ids=lambda one: one.kind)
def test_clause_4_a_signature(disk: Disk, signature: Signature) -> None:
    """Whatever blkid and wipefs know is left alone, also where no filesystem lies at the disk's beginning."""
    signature.put(disk)
    refused(disk, f"it carries {signature.kind}")


@pytest.mark.parametrize(
    ("offset", "content"),
    [(0, b"x"), (16 * (1 << 20) - 1, b"x"), (SIZE - 1, b"x"), (GROUP + 56, b"\x53\xef"), (3 * GROUP, b"x")],
    ids=["first byte", "end of the head", "last byte", "a backup superblock", "another one"],
)
def test_clause_5_a_byte_that_is_not_zero(disk: Disk, offset: int, content: bytes) -> None:
    """Data without a signature, as after a lost superblock, is data."""
    disk.write(offset, content)
    assert disk.probe() == ""
    refused(disk, f"byte {offset} is not zero")


def test_the_blind_spot_of_clause_5(disk: Disk) -> None:
    """What lies between all samples is not seen: for it there is the record (clause 2)."""
    disk.write(24 << 20, b"x" * 4096)
    disk.format()
    assert "xfs" in disk.probe()


def test_clause_6_nothing_is_made_before_it_is_noted(disk: Disk) -> None:
    """Where the note can't be set, the disk stays blank."""

    def fails(uuid: str) -> None:
        raise CloudRefused(why="throttled")

    before = disk.digest()
    disk.permission.begin = fails  # type: ignore[method-assign]
    with pytest.raises(CloudRefused):
        disk.format()
    assert disk.digest() == before
    assert not mkfs(disk)


def test_clause_7_mkfs_is_never_forced(disk: Disk) -> None:
    """A filesystem that appears after the proof stops mkfs.xfs itself."""
    made: list[str] = []

    def meddle(words: Sequence[str]) -> None:
        if words[0] == "mkfs.xfs":
            run("mkfs.ext4", "-q", "-F", disk.device)
            made.append(disk.digest())

    disk.host.before = meddle
    with pytest.raises(CommandFailed):
        disk.format()
    assert disk.digest() == made[0]
    assert not {"-f", "--force"} & set(mkfs(disk)[0])


def test_a_crash_before_mkfs(disk: Disk) -> None:
    """The note is there, the disk is blank: the next format takes that uuid, and notes nothing anew."""
    disk.permission.begin(UUID)
    disk.format()
    assert disk.probe().split() == [UUID, "xfs"]
    assert disk.permission.notes == [f"formatting:{UUID}"]


def test_a_crash_after_mkfs(disk: Disk) -> None:
    """The filesystem is whole: it is never made again, though the note says that it was begun."""
    disk.format()
    disk.permission.notes.clear()
    disk.host.commands.clear()
    refused(disk, "it carries xfs")


@pytest.fixture
def cut_off(tmp_path: Path) -> Iterator[Disk]:
    """A disk on which our own mkfs was cut off, and the record that tells so."""
    made = Disk.attach(tmp_path, half_made(tmp_path))
    made.permission.record = replace(made.permission.record, phase="formatting", uuid=UUID)
    try:
        yield made
    finally:
        made.close()


def test_a_crash_in_mkfs_is_mended(cut_off: Disk) -> None:
    """With the uuid of the note; the kernel mounts what comes of it."""
    assert mount(cut_off) != 0
    cut_off.format()
    assert mount(cut_off) == 0
    assert cut_off.permission.notes == []


def test_a_crash_after_the_magic_was_taken_back_is_mended(cut_off: Disk) -> None:
    """Between taking back the magic and mkfs there may be a crash as well."""
    cut_off.write(0, bytes(4))
    cut_off.format()
    assert mount(cut_off) == 0


def test_a_half_made_filesystem_without_a_record_is_refused(cut_off: Disk) -> None:
    """It may be a stranger's whose mkfs still runs."""
    cut_off.permission.record = replace(cut_off.permission.record, phase="absent", uuid="")
    refused(cut_off, "it carries xfs")


def test_a_half_made_filesystem_of_another_uuid_is_refused(cut_off: Disk) -> None:
    """Half made is not enough, it must be ours."""
    cut_off.permission.record = replace(cut_off.permission.record, uuid=OTHER)
    refused(cut_off, "it carries xfs", uuid=OTHER)


def test_a_half_made_filesystem_with_something_else_is_refused(cut_off: Disk) -> None:
    """What came onto the disk since then is not ours to overwrite."""
    cut_off.write(0x10000 + 64, b"_BHRfS_M")  # btrfs' magic, which blkid knows by itself
    refused(cut_off, "too")


def test_a_whole_filesystem_is_never_unmade(disk: Disk) -> None:
    """The script that takes the magic back refuses what is not in progress, also when it is asked directly."""
    disk.format()
    before = disk.digest()
    assert disk.host.run(on_host("unmake", disk.device, UUID)).exit_code == 1
    assert disk.digest() == before


def mount(disk: Disk) -> int:
    """Whether the kernel mounts it; it is taken off again."""
    folder = disk.image.parent / "mounted"
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", disk.device, folder], capture_output=True, check=False)
    if done.returncode == 0:
        run("umount", folder)
    return done.returncode
