"""Are the weights on a host proved? By the record of its last deep verify, or by one that is made now."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

from zagent import text
from zagent.schedule import units
from zagent.weights import manifest, verified
from zagent.weights.model import Model

from infra.bootstrap.gather import on_host
from infra.bootstrap.ssh.host import Host, must
from infra.bootstrap.want import LAYOUT
from infra.errors import NotProved
from infra.operations.taking import Say

FRESH = timedelta(hours=24)
"""How old a deep verify may be that still counts."""

PATIENCE = 6 * 3600.0
"""Seconds for a deep verify: 33 GB at 2 MB/s, and more."""


def require(host: Host, say: Say) -> str:
    """The set digest of the weights, proved within the last day; where they are not, they are verified first.

    Raises:
        NotProved: they are not there, or a file is bad.
        CommandFailed, HostUnreachable: the host can't tell.
    """
    digest, why = _look(host)
    if not why:
        return digest
    say(f"{why}: every byte is verified now, which reads all of them")
    ran = host.run(on_host("run", "start", units.service(units.DEEP)), on_line=say, patience=PATIENCE)
    digest, why = _look(host)
    if why:
        told = f"; {ran.err.strip().splitlines()[-1]}" if ran.exit_code and ran.err.strip() else ""
        raise NotProved(address=host.address, why=f"{why}{told}")
    return digest


def standing(host: Host) -> str:
    """The set digest of the weights as they are now, empty where they are not proved; nothing is verified.

    Raises:
        CommandFailed, HostUnreachable: the host can't tell.
    """
    digest, why = _look(host)
    return "" if why else digest


def _look(host: Host) -> tuple[str, str]:
    name = LAYOUT.manifest(Model().id).name
    paths = [str(LAYOUT.manifests / name), str(LAYOUT.verified / name)]
    told = json.loads(must(host, "tell how the weights are", *on_host("look", *paths)))
    return judge(datetime.fromtimestamp(told["now"], timezone.utc), *told["texts"])


def judge(now: datetime, recorded: str | None, proved: str | None) -> tuple[str, str]:
    """The set digest, and why it is not proved, empty where it is; ``now`` is the host's own clock. Pure."""
    if recorded is None:
        return "", "no weights were pulled"
    try:
        wanted = manifest.parse(recorded.encode())
        found = verified.parse(proved.encode()) if proved else None
    except (ValueError, TypeError, KeyError):
        return "", "the record of the weights can't be read"
    if found is None:
        return wanted.set_digest, "the weights were never verified"
    if found.set_digest != wanted.set_digest:
        return wanted.set_digest, "other weights were verified last"
    if not found.ok:
        return wanted.set_digest, f"{text.plural(len(found.bad), 'file')} was found bad: {', '.join(found.bad[:3])}"
    if not timedelta(0) <= now - found.at <= FRESH:
        return wanted.set_digest, f"the last verify was on {text.moment(found.at)}"
    return wanted.set_digest, ""
