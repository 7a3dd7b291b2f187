"""``scripts/localcloud fault …``: have a running cloud fail."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tests.localcloud.local import LocalCloud
from tests.localcloud.options import StateFolder
from tests.localcloud.state import DEFAULT

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Have it fail: what is armed strikes until it is cleared, or as often as it was told to.",
)

Times = Annotated[int | None, typer.Option("--times", min=1, metavar="N", help="How often; else until cleared.")]


def _order(state: Path, order: str, **arguments: Any) -> None:
    print(LocalCloud(state.absolute()).order(order, **arguments))


@app.command()
def capacity(
    zone: Annotated[str, typer.Option(metavar="ZONE", help="Only there.")] = "",
    times: Times = None,
    state: StateFolder = DEFAULT,
) -> None:
    """No instance can be had: InsufficientInstanceCapacity."""
    _order(state, "arm", kind="capacity", about=zone, times=times)


@app.command("vcpu-limit")
def vcpu_limit(times: Times = None, state: StateFolder = DEFAULT) -> None:
    """The account may run no instance more: VcpuLimitExceeded."""
    _order(state, "arm", kind="vcpu-limit", times=times)


@app.command()
def throttling(times: Times = None, state: StateFolder = DEFAULT) -> None:
    """EC2 refuses calls for coming too often: RequestLimitExceeded."""
    _order(state, "arm", kind="throttling", times=times)


@app.command()
def detaching(
    volume: Annotated[str, typer.Argument(metavar="[VOLUME]", help="Only this one.")] = "",
    state: StateFolder = DEFAULT,
) -> None:
    """A volume that is detached stays in `detaching` until the fault is cleared."""
    _order(state, "arm", kind="detaching", about=volume)


@app.command()
def snapshot(
    volume: Annotated[str, typer.Argument(metavar="[VOLUME]", help="Only of this one.")] = "",
    times: Times = 1,
    state: StateFolder = DEFAULT,
) -> None:
    """The next snapshot ends in the state `error`."""
    _order(state, "arm", kind="snapshot", about=volume, times=times)


@app.command("silent-host")
def silent_host(times: Times = 1, state: StateFolder = DEFAULT) -> None:
    """The next instance never answers SSH."""
    _order(state, "arm", kind="silent-host", times=times)


@app.command("power-cut")
def power_cut(instance: Annotated[str, typer.Argument()], state: StateFolder = DEFAULT) -> None:
    """An instance loses power, now, and boots again."""
    _order(state, "power-cut", instance=instance)


@app.command("read-only")
def read_only(volume: Annotated[str, typer.Argument()], state: StateFolder = DEFAULT) -> None:
    """Writes to an attached volume fail from now on, until it is detached."""
    _order(state, "read-only", volume=volume)


@app.command("foreign-volume")
def foreign_volume(
    tag: Annotated[list[str], typer.Option(metavar="KEY=VALUE", help="Once for each tag.")],
    zone: Annotated[str, typer.Option(metavar="ZONE")] = "us-east-1a",
    state: StateFolder = DEFAULT,
) -> None:
    """Somebody else makes a volume that carries these tags; prints its id."""
    _order(state, "foreign-volume", tags=dict(_pair(one) for one in tag), zone=zone)


def _pair(tag: str) -> tuple[str, str]:
    key, equals, value = tag.partition("=")
    if not (key and equals):
        raise typer.BadParameter(f"{tag!r} is no KEY=VALUE.")
    return key, value


@app.command()
def clear(state: StateFolder = DEFAULT) -> None:
    """Nothing that was armed strikes any more; what has struck stays."""
    _order(state, "clear")
