"""What AWS asks in us-east-1, in USD, without discounts and taxes.

From AWS's public price list for us-east-1: hosts (Linux, on demand, shared hardware) as of 2026-09-24, gp3 and
snapshots as of 2026-09-25, the address as of 2026-10-16. Older are io2 and gp2 (early 2026) and p5.4xlarge (November
2025). Whoever tells a figure tells the region and the month, too. A type that is not here has an unknown cost: a guess
would be believed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

REGION = "us-east-1"
AS_OF = "2026-09"

HOURS = 730
"""Hours in a month, as AWS's own calculator has it."""

HOST_HOUR: Mapping[str, float] = {
    "g4dn.xlarge": 0.526,
    "g4dn.2xlarge": 0.752,
    "g5.xlarge": 1.006,
    "g5.2xlarge": 1.212,
    "g5.4xlarge": 1.624,
    "g5.12xlarge": 5.672,
    "g6.xlarge": 0.8048,
    "g6.2xlarge": 0.9776,
    "g6.4xlarge": 1.3232,
    "g6.12xlarge": 4.6016,
    "g6e.xlarge": 1.861,
    "g6e.2xlarge": 2.24208,
    "g6e.4xlarge": 3.00424,
    "g6e.8xlarge": 4.52856,
    "g6e.12xlarge": 10.49264,
    "p4d.24xlarge": 21.957642,
    "p5.4xlarge": 6.88,
    "p5.48xlarge": 55.04,
}
"""A running host, per hour."""

ADDRESS_HOUR = 0.005
"""A public IPv4 address, per hour, whether the host runs or not."""

SNAPSHOT_MONTH = 0.05
"""A snapshot, per GiB stored and month (AWS writes GB and means GiB)."""

Steps = Sequence[tuple[int, float]]
"""(beyond how many, price of each); what is below the first is in the price per GiB."""


@dataclass(frozen=True)
class DiskPrice:
    """A kind of EBS volume, per month: each GiB, each provisioned IOPS, each MiB/s."""

    gib: float
    iops: Steps = ()
    throughput: Steps = ()


DISK: Mapping[str, DiskPrice] = {
    "gp3": DiskPrice(0.08, iops=((3_000, 0.005),), throughput=((125, 0.04),)),
    "gp2": DiskPrice(0.10),
    "io2": DiskPrice(0.125, iops=((0, 0.065), (32_000, 0.0455), (64_000, 0.03185))),
}


def stepped(count: int, steps: Steps) -> float:
    """What so many IOPS or MiB/s cost in a month, each at the price of the step it falls in."""
    ends = [*(start for start, _ in steps[1:]), count]
    return sum(max(0, min(count, end) - start) * price for (start, price), end in zip(steps, ends, strict=False))
