"""The words of ``zagent cloud reset``."""

from __future__ import annotations

from collections.abc import Sequence

from zagent import text
from zagent.cli.output import Output

from infra.errors import ResetRefused
from infra.operations.reset import Reset

SHOWN = 20
"""Files that are named; of more there is the number."""

Lost = Sequence[tuple[str, int]]


def lost(output: Output, found: Lost) -> None:
    """What is on the system disk alone."""
    for path, size in found[:SHOWN]:
        output.say(text.printable(f"only on the system disk: {text.size(size):>9}  {path}"))
    if len(found) > SHOWN:
        output.say(f"and {text.plural(len(found) - SHOWN, 'file')} more")


def require_given_up(instance: str, found: Lost, *, discard: bool) -> None:
    """Whether the person gave up what would be lost.

    Raises:
        ResetRefused: they did not.
    """
    if found and not discard:
        size = text.size(sum(one for _, one in found))
        why = f"{text.plural(len(found), 'file')} of {size} would be lost with it"
        raise ResetRefused(instance=instance, why=why, hint="copy them below /data, or give them up with --discard")


def done(output: Output, reset: Reset, image: str) -> None:
    """Seconds per phase, and what it cost."""
    seconds = {name: round(one, 1) for name, one in reset.seconds.items()}
    for name, one in seconds.items():
        output.say(f"{one:>8.1f} s  {name}")
    whole = sum(reset.seconds.values())
    line = f"{reset.found.instance_id} has a new system disk and is as wanted: {whole:.0f} s, 0 bytes from the hub"
    output.result(line, instance=reset.found.instance_id, seconds=seconds, hub_bytes=0)
    if image and reset.settings.ami_id not in ("", image):
        output.say(f"note: amiId says {reset.settings.ami_id}, for the next host: pulumi config set amiId {image}")
