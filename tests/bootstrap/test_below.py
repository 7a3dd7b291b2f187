"""What root makes on a volume that somebody else wrote: a real XFS filesystem with links planted on it."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest
from zagent.volume.layout import Layout
from zagent.volume.users import Account

from infra.bootstrap.files import below, script
from infra.bootstrap.permission import Record
from infra.bootstrap.steps import volume
from infra.bootstrap.steps.base import Target
from infra.bootstrap.steps.users import MakeFolders, WriteUsers
from infra.bootstrap.steps.volume import Mark, SetAside
from infra.bootstrap.want import Folder
from infra.errors import CommandFailed
from tests.bootstrap.local_host import LocalHost, Noted

pytestmark = pytest.mark.root

UBUNTU = Account(1000, 1001)
ROOTS = Account(0, 0)


def target(root: Path) -> Target:
    """This machine."""
    return Target(LocalHost(root.parent), Noted(Record()), print)


def make(root: Path, name: str, account: Account = UBUNTU, mode: int = 0o700) -> None:
    """Take the step that makes a folder."""
    MakeFolders((Folder(root / name, mode, "ubuntu"),), {"ubuntu": account}, str(root)).take(target(root))


def write(root: Path, text: str) -> None:
    """Take the step that writes the list of users."""
    WriteUsers(text, str(root / ".zagent/users.json"), str(root)).take(target(root))


def traits(path: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Owner, group, mode and content of all there is, and of the folder itself."""
    found = {}
    for one in [path, *sorted(path.rglob("*"))]:
        status = one.lstat()
        content = one.read_bytes() if one.is_file() else b""
        found[str(one)] = (status.st_uid, status.st_gid, status.st_mode, content)
    return found


def is_as(path: Path, account: Account, mode: int) -> bool:
    """Whether a folder has this owner, group and mode."""
    found = path.lstat()
    return stat.S_ISDIR(found.st_mode) and (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (*account, mode)


def test_a_folder_is_made_and_given_away(root: Path) -> None:
    """With the mode that is asked for, whatever the umask."""
    before = os.umask(0o077)
    try:
        make(root, "users/ubuntu", mode=0o755)
    finally:
        os.umask(before)
    assert is_as(root / "users/ubuntu", UBUNTU, 0o755)


def test_folders_are_made_in_their_order(root: Path) -> None:
    """One below the other, each with an owner of its own."""
    wanted = (Folder(root / "cache", 0o755, "root"), Folder(root / "cache/ubuntu", 0o700, "ubuntu"))
    step = MakeFolders(wanted, {"root": ROOTS, "ubuntu": UBUNTU}, str(root))
    step.take(target(root))
    assert str(step) == f"make {root}/cache for root; {root}/cache/ubuntu for ubuntu"
    assert is_as(root / "cache", ROOTS, 0o755)
    assert is_as(root / "cache/ubuntu", UBUNTU, 0o700)


def test_a_folder_with_another_owner_is_put_right_and_what_is_in_it_stays(root: Path) -> None:
    """As on a volume of which a person changed the modes."""
    (root / "users/ubuntu").mkdir(0o777)
    (root / "users/ubuntu/photo").write_text("mine")
    make(root, "users/ubuntu")
    assert is_as(root / "users/ubuntu", UBUNTU, 0o700)
    assert (root / "users/ubuntu/photo").read_text() == "mine"


def test_the_root_itself_is_put_right(root: Path) -> None:
    """Nothing above it is looked at: that is the system disk's."""
    os.chown(root, 1000, 1000)
    make(root, "", ROOTS, 0o755)
    assert is_as(root, ROOTS, 0o755)


@pytest.mark.parametrize("how", ["absolute", "relative", "to nothing", "in a circle"])
def test_clause_1_a_link_in_place_of_a_folder(root: Path, system: Path, how: str) -> None:
    """`users/ubuntu -> /etc` would give away /etc."""
    link = root / "users/ubuntu"
    told = {
        "absolute": str(system),
        "relative": os.path.relpath(system, link.parent),
        "to nothing": str(system / "new"),
        "in a circle": "ubuntu",
    }
    link.symlink_to(told[how])
    before = traits(system)
    with pytest.raises(CommandFailed, match=r"is a link to .*, and none is followed"):
        make(root, "users/ubuntu")
    assert traits(system) == before
    assert link.is_symlink()


def test_clause_1_a_link_on_the_way(root: Path, system: Path) -> None:
    """`users -> /etc` would make a folder there."""
    (root / "users").rmdir()
    (root / "users").symlink_to(system)
    before = traits(system)
    with pytest.raises(CommandFailed, match="is a link to"):
        make(root, "users/ubuntu")
    assert traits(system) == before


def test_clause_1_what_was_opened_is_what_is_changed(root: Path, system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that takes the folder's name between the look and the change gives nothing else away."""
    change, own, before = os.fchown, root / "users/ubuntu", traits(system)

    def swapped(handle: int, owner: int, group: int) -> None:
        own.rename(root / "users/moved")
        own.symlink_to(system)
        change(handle, owner, group)

    monkeypatch.setattr(os, "fchown", swapped)
    assert below.main("folders", str(root), "users/ubuntu", "700", *map(str, UBUNTU)) == 0
    assert traits(system) == before
    assert is_as(root / "users/moved", UBUNTU, 0o700)


@pytest.mark.parametrize(("owner", "mode"), [(1000, 0o755), (0, 0o775), (0, 0o1777)])
@pytest.mark.parametrize("which", ["", "users"])
def test_clause_2_a_way_that_others_could_change(root: Path, which: str, owner: int, mode: int) -> None:
    """Whoever owns a folder could put another in this one's place; it is put right first, by its own step."""
    (root / which).chmod(mode)
    os.chown(root / which, owner, 0)
    with pytest.raises(CommandFailed, match="others could change what it holds"):
        make(root, "users/ubuntu")
    assert not (root / "users/ubuntu").exists()
    make(root, which, ROOTS, 0o755)
    make(root, "users/ubuntu")
    assert is_as(root / "users/ubuntu", UBUNTU, 0o700)


def test_clause_3_a_file_in_place_of_a_folder(root: Path) -> None:
    """Also one with the folder's mode."""
    (root / "users/ubuntu").write_text("mine")
    with pytest.raises(CommandFailed, match="is no folder"):
        make(root, "users/ubuntu")
    assert (root / "users/ubuntu").read_text() == "mine"
    assert (root / "users/ubuntu").stat().st_uid == 0


def test_clause_4_a_link_in_place_of_the_list_is_replaced(root: Path, system: Path) -> None:
    """And so is one under the name that the new file has at first."""
    before = traits(system)
    (root / ".zagent/users.json").symlink_to(system / "passwd")
    (root / ".zagent/.zagent-users.json.tmp").symlink_to(system / "passwd")
    write(root, "{}\n")
    assert traits(system) == before
    assert [one.name for one in (root / ".zagent").iterdir()] == ["users.json"]
    found = root / ".zagent/users.json"
    assert (found.read_text(), stat.S_IMODE(found.lstat().st_mode)) == ("{}\n", 0o644)


def test_clause_4_a_link_to_a_folder_in_place_of_the_list_is_replaced(root: Path, system: Path) -> None:
    """`mv` would put the list into /etc."""
    before = traits(system)
    (root / ".zagent/users.json").symlink_to(system)
    write(root, "{}\n")
    assert traits(system) == before
    assert (root / ".zagent/users.json").read_text() == "{}\n"


def test_the_list_behind_a_link_is_not_written(root: Path, system: Path) -> None:
    """`.zagent -> /etc` would write /etc/users.json."""
    (root / ".zagent").rmdir()
    (root / ".zagent").symlink_to(system)
    before = traits(system)
    with pytest.raises(CommandFailed, match="is a link to"):
        write(root, "{}\n")
    assert traits(system) == before


def test_a_folder_in_place_of_the_list_is_an_error_and_stays(root: Path) -> None:
    """What a person put there is not ours to delete."""
    (root / ".zagent/users.json/mine").mkdir(parents=True)
    with pytest.raises(CommandFailed, match=r"users\.json"):
        write(root, "{}\n")
    assert (root / ".zagent/users.json/mine").is_dir()


def test_a_marker_is_not_written_through_a_link(root: Path, system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor where somebody else could change what is written: the way is made root's before."""
    monkeypatch.setattr(volume, "ROOT", str(root))
    monkeypatch.setattr(volume, "LAYOUT", Layout(root))
    (root / ".zagent").rmdir()
    (root / ".zagent").symlink_to(system)
    os.chown(root, 1000, 1000)
    before, to = traits(system), target(root)
    with pytest.raises(CommandFailed, match="is a link to"):
        Mark("python3", "agent", "zagent", "dev").take(to)
    assert traits(system) == before
    assert is_as(root, ROOTS, 0o755)
    assert isinstance(to.host, LocalHost)
    assert not [words for words in to.host.commands if script("mark") in words]


@pytest.fixture
def backups(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the backups on a volume from elsewhere, which says where they go, and with which password."""
    monkeypatch.setattr(volume, "ROOT", str(root))
    monkeypatch.setattr(volume, "LAYOUT", Layout(root))
    made = root / ".zagent/backups"
    made.mkdir(0o755)
    (made / "destinations.json").write_text("theirs")
    (made / "disk2.password").write_text("theirs, too")
    (made / "disk2.password").chmod(0o600)
    return made


def test_clause_5_what_is_set_aside_comes_back_whole_with_the_line_that_is_shown(root: Path, backups: Path) -> None:
    """Also though the folder was made again since; once there is something in it, the line changes nothing."""
    before = traits(backups)
    SetAside().take(target(root))
    assert not backups.exists()
    make(root, ".zagent/backups", ROOTS, 0o755)
    (line,) = re.findall(r"sudo (mv .*)   ", str(SetAside()))
    (backups / "destinations.json").write_text("ours")
    assert subprocess.run(line.split(), capture_output=True, check=False).returncode
    assert (backups / "destinations.json").read_text() == "ours"
    (backups / "destinations.json").unlink()
    subprocess.run(line.split(), check=True)
    assert traits(backups) == before


def test_clause_5_what_was_set_aside_before_gets_a_number(root: Path, backups: Path) -> None:
    """And where there is nothing, nothing is done."""
    for _ in range(3):
        SetAside().take(target(root))
        backups.mkdir(exist_ok=True)
    assert sorted(one.name for one in backups.parent.iterdir()) == [
        "backups",
        "backups.foreign",
        "backups.foreign.1",
        "backups.foreign.2",
    ]
    backups.rmdir()
    SetAside().take(target(root))
    assert (backups.parent / "backups.foreign.1/destinations.json").read_text() == "theirs"


def test_clause_1_a_link_is_set_aside_itself(root: Path, backups: Path, system: Path) -> None:
    """`backups -> /etc`, and `backups.foreign -> /etc`, which would take it in; a link on the way is an error."""
    before, aside = traits(system), backups.with_name("backups.foreign")
    backups.rename(root / "elsewhere")
    for link in (backups, aside):
        link.symlink_to(system)
    SetAside().take(target(root))
    assert (aside.is_symlink(), backups.is_symlink(), traits(system)) == (True, False, before)
    (system / "backups").mkdir()
    backups.parent.rename(root / "own")
    backups.parent.symlink_to(system)
    with pytest.raises(CommandFailed, match="is a link to"):
        SetAside().take(target(root))
    assert (system / "backups").is_dir()
