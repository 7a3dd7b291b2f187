"""Who is who: the numbers of users are the volume's, whatever host it hangs at. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from zagent.settings import SERVICE_USER
from zagent.volume import users
from zagent.volume.users import Account

from infra.bootstrap import want as wanted
from infra.bootstrap.facts.model import Facts, Placed
from infra.bootstrap.steps.base import Step
from infra.bootstrap.steps.users import AddUser, MakeFolders, WriteUsers
from infra.bootstrap.want import USERS, Want
from infra.errors import HostUnsuitable

SERVICE_NUMBER = 47100
"""The service user's on a new volume. System users get theirs from 999 downwards, people from 1000 upwards, so that any
two images differ there; nobody gives out numbers from here (systemd.io, "Users, Groups, UIDs and GIDs")."""

ROOT = "root"


@dataclass(frozen=True)
class UsersPlan:
    """What to do about users, once the volume is mounted."""

    facts: Facts
    want: Want

    def steps(self) -> list[Step]:
        """Accounts, folders, the list of the users in one of them.

        Raises:
            HostUnsuitable: a number means somebody else here than on the volume, or the list can't be read.
        """
        for name, account in self.numbers.items():
            self._require_free(name, account)
        return [*self._accounts(), *self._folders(), *self._list()]

    @cached_property
    def numbers(self) -> dict[str, Account]:
        """The numbers that everybody shall have: as the volume knows them, else as this host does."""
        found = {**self._owners(), **self._recorded()}
        for name in (SERVICE_USER, self.want.ssh_user):
            if name not in found and name != ROOT:
                found[name] = self.facts.accounts.get(name) or self._fresh()
        return dict(sorted(found.items()))

    def _recorded(self) -> dict[str, Account]:
        try:
            return users.parse(self.facts.users) if self.facts.users else {}
        except ValueError as error:
            hint = f"look at it on the host; without it the owners of the folders count: sudo mv {USERS} {USERS}.old"
            raise self._unsuitable(f"the volume's list of users, {USERS}, can't be read: {error}", hint) from error

    def _owners(self) -> dict[str, Account]:
        """What folders tell on a volume from before it had a list, or where a person's was made since."""
        store = self.facts.placed.get(str(wanted.LAYOUT.modelscope_cache))
        found = {SERVICE_USER: Account(store.owner, store.owner)} if store else {}
        return {
            **found,
            **{name: one for name, one in self.facts.homes.items() if one.uid and users.NAME.fullmatch(name)},
        }

    def _fresh(self) -> Account:
        taken = {number for one in self.facts.accounts.values() for number in one}
        taken |= {*self.facts.groups.values()}
        number = next(one for one in range(SERVICE_NUMBER, users.NOBODY) if one not in taken)
        return Account(number, number)

    def _require_free(self, name: str, account: Account) -> None:
        found = dict(self._in_the_way(name, account))
        if not found:
            return
        numbers = f"{account.uid}" if account.uid == account.gid else f"{account.uid} and the group {account.gid}"
        why = f"on the volume the files of {name} belong to the number {numbers}, here {' and '.join(found)}"
        hint = f"on the host, where nothing runs as them: {' && '.join(f'sudo {one}' for one in found.values())}"
        raise self._unsuitable(why, hint)

    def _in_the_way(self, name: str, account: Account) -> Iterator[tuple[str, str]]:
        """Who has the numbers here, each with the command that ends it."""
        here = self.facts.accounts.get(name)
        others = (one for one, theirs in self.facts.accounts.items() if theirs.uid == account.uid and one != name)
        for other in others:
            yield f"that is {other}", f"usermod --uid FREE_NUMBER {other}"
        if here and here.uid != account.uid:
            yield f"{name} is number {here.uid}", f"usermod --uid {account.uid} {name}"
        groups = () if here else (one for one, gid in self.facts.groups.items() if gid == account.gid and one != name)
        for group in groups:
            yield f"that is the group {group}", f"groupmod --gid FREE_NUMBER {group}"

    def _unsuitable(self, why: str, hint: str) -> HostUnsuitable:
        return HostUnsuitable(address=self.facts.address, why=why, hint=hint)

    def _accounts(self) -> Iterator[Step]:
        for name, account in self.numbers.items():
            if name not in self.facts.accounts:
                yield AddUser(name, account, service=name == SERVICE_USER)

    def _list(self) -> Iterator[Step]:
        if self.facts.users != users.text(self.numbers):
            yield WriteUsers(users.text(self.numbers))

    def _folders(self) -> Iterator[Step]:
        accounts = {**self.numbers, ROOT: Account(0, 0)}
        wrong = [
            one
            for one in wanted.folders(self.want)
            if self.facts.placed.get(str(one.path)) != Placed(f"{one.mode:o}", accounts[one.owner].uid, "")
        ]
        if wrong:
            yield MakeFolders(tuple(wrong), accounts)
