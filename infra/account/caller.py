"""Who asks."""

from __future__ import annotations

from dataclasses import dataclass

from infra.account.access import Access, answered


@dataclass(frozen=True)
class Caller:
    """The account, and the ARN of whoever asks; ``partition`` is aws, aws-cn or another of AWS's worlds."""

    account: str
    owner: str

    @property
    def partition(self) -> str:
        """The second part of every ARN."""
        return self.owner.split(":")[1]


def caller(access: Access) -> Caller:
    """Ask STS."""
    with answered():
        told = access.sts.get_caller_identity()
    return Caller(told["Account"], owner(told["Arn"]))


def owner(arn: str) -> str:
    """An ARN without the name of a session, which differs each time that a role is assumed. Pure."""
    return arn.rpartition("/")[0] if ":assumed-role/" in arn else arn
