"""The words of ``zagent cloud volume``."""

from __future__ import annotations

from collections.abc import Sequence

from zagent import text
from zagent.cli.output import Output

from infra.operations.volumes import Kept


def listed(output: Output, found: Sequence[Kept]) -> None:
    """A line, or an object, for each; a sentence where there is none."""
    if not found and not output.json:
        output.result("no volume carries this stack's tags; `pulumi up` makes one")
    for one in found:
        output.result(text.printable(_line(one)), **_facts(one))


def _line(one: Kept) -> str:
    volume = one.volume
    speed = f"{volume.iops} IOPS" + (f", {volume.throughput} MiB/s" if volume.throughput else "")
    disk = f"{volume.size} GiB {volume.kind}, {speed}, {'encrypted' if volume.encrypted else 'not encrypted'}"
    return f"{volume.id:<21}  {volume.zone}  {disk}\n{'':21}  made by {volume.owner or 'nobody knows'}; {one.use}"


def _facts(one: Kept) -> dict[str, object]:
    volume = one.volume
    return {
        "id": volume.id,
        "zone": volume.zone,
        "size_gib": volume.size,
        "type": volume.kind,
        "iops": volume.iops,
        "throughput": volume.throughput,
        "encrypted": volume.encrypted,
        "owner": volume.owner,
        "attached_to": volume.attached_to,
        "use": one.use,
    }
