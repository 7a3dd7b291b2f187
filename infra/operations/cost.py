"""What a stack costs in a month, by part; nothing is asked of AWS here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.operations import prices


@dataclass(frozen=True)
class Host:
    """An instance; ``address`` is whether it has a public IPv4 address, which costs while it is stopped, too."""

    instance_type: str
    running: bool
    address: bool


@dataclass(frozen=True)
class Disk:
    """An EBS volume: size in GiB, throughput in MiB/s; 0 where its kind has none to set."""

    size: int
    kind: str = "gp3"
    iops: int = 0
    throughput: int = 0


@dataclass(frozen=True)
class Stack:
    """What a stack has; each of ``snapshots`` is the most it may store, in GiB: its volume's size, or less if known."""

    region: str
    host: Host | None = None
    root: Disk | None = None
    volumes: tuple[Disk, ...] = ()
    snapshots: tuple[float, ...] = ()


@dataclass(frozen=True)
class Part:
    """One thing that costs: USD a month in whole cents, None where its price is not known here."""

    name: str
    amount: float | None
    note: str = ""
    at_most: bool = False

    @property
    def text(self) -> str:
        """For people, such as "host g6e.xlarge  $1358.53"."""
        return f"{self.name}  {money(self.amount, self.at_most)}" + (f"  ({self.note})" if self.note else "")


@dataclass(frozen=True)
class Cost:
    """The parts, and what the figures rest on."""

    parts: tuple[Part, ...]
    basis: str

    @property
    def known(self) -> float:
        """The sum of the parts whose price is known, USD a month."""
        return round(sum(one.amount for one in self.parts if one.amount is not None), 2)

    @property
    def complete(self) -> bool:
        """Whether every part's price is known."""
        return all(one.amount is not None for one in self.parts)

    @property
    def at_most(self) -> bool:
        """Whether some part may cost less."""
        return any(one.at_most for one in self.parts)

    @property
    def text(self) -> str:
        """The sum, for people."""
        return f"in all  {money(self.known, self.at_most)}{self.beyond}"

    @property
    def beyond(self) -> str:
        """What the sum leaves out, for people; nothing where every price is known."""
        return "" if self.complete else ", and what is unknown"


def monthly(stack: Stack) -> Cost:
    """What the stack costs if it stays for a month as it is now, without traffic, taxes and discounts."""
    return Cost(tuple(_parts(stack)), _basis(stack.region))


def _parts(stack: Stack) -> Iterator[Part]:
    if stack.host:
        yield from _host(stack.host)
    if stack.root:
        yield from _disk("system disk", stack.root)
    for one in stack.volumes:
        yield from _disk("data volume", one)
    if stack.snapshots:
        yield _snapshots(stack.snapshots)


def _host(host: Host) -> Iterator[Part]:
    name = f"host {host.instance_type}"
    price = prices.HOST_HOUR.get(host.instance_type)
    if not host.running:
        yield Part(name, 0.0, "stopped")
    elif price is None:
        yield Part(name, None, "the price of this type is not known here")
    else:
        yield _known(name, price * prices.HOURS)
    if host.address:
        yield _known("public address", prices.ADDRESS_HOUR * prices.HOURS)


def _disk(name: str, disk: Disk) -> Iterator[Part]:
    size = f"{name}, {disk.size} GiB {disk.kind}"
    price = prices.DISK.get(disk.kind)
    if price is None:
        yield Part(size, None, f"the price of {disk.kind} is not known here")
        return
    yield _known(size, disk.size * price.gib)
    for count, unit, steps in ((disk.iops, "IOPS", price.iops), (disk.throughput, "MiB/s", price.throughput)):
        if extra := prices.stepped(count, steps):
            included = f"{steps[0][0]} {unit} are in the price of the disk" if steps[0][0] else ""
            yield _known(f"{name}, {count} {unit}", extra, included)


def _snapshots(sizes: tuple[float, ...]) -> Part:
    """Each stores only what changed since the one before, and AWS does not tell how much that is."""
    amount = round(sum(sizes) * prices.SNAPSHOT_MONTH, 2)
    return Part(f"snapshots, {len(sizes)}", amount, "AWS does not tell what they store", at_most=True)


def _known(name: str, amount: float, note: str = "") -> Part:
    return Part(name, round(amount, 2), note)


def money(amount: float | None, at_most: bool) -> str:
    """An amount of USD, for people."""
    return "unknown" if amount is None else f"{'at most ' if at_most else ''}${amount:.2f}"


def _basis(region: str) -> str:
    differs = "" if region == prices.REGION else "; yours differ"
    return f"prices of {prices.REGION}, {prices.AS_OF}, without traffic, taxes and discounts{differs}"
