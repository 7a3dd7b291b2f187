"""The command line of scripts/localcloud."""

from __future__ import annotations

import json
import signal
import sys
import time
from functools import partial
from typing import Annotated, Any

import typer

from tests.localcloud import faulting, parts, shell
from tests.localcloud.errors import LocalCloudError
from tests.localcloud.hosts import HUB, image
from tests.localcloud.hosts.fleet import Fleet
from tests.localcloud.local import LocalCloud
from tests.localcloud.options import StateFolder
from tests.localcloud.state import DEFAULT, State

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A cloud on this machine: AWS's API, a virtual machine for each instance, a model hub with tiny weights. "
    'After `scripts/localcloud start` and `eval "$(scripts/localcloud env)"`, plain `pulumi up` works on it.',
)
app.add_typer(faulting.app, name="fault")

WithHosts = Annotated[bool, typer.Option("--hosts/--no-hosts", help="A virtual machine for each instance.")]


@app.command()
def start(state: StateFolder = DEFAULT, hosts: WithHosts = True) -> None:
    """Make what is missing and start it; returns when it answers."""
    cloud = LocalCloud(state.absolute(), hosts and not image.missing())
    if cloud.state.running():
        print(f"It runs already, in {cloud.folder}.")
        return
    for line in parts.shortcomings(hosts):
        print(line)
    begun = time.monotonic()
    # In one write each: several threads tell how far they are.
    cloud.start(lambda line: print(f"{line}\n", end="", flush=True))
    print(f"{'in all':<12} {time.monotonic() - begun:6.1f} s")
    if sys.stdout.isatty():
        print('\nNow, in this shell:  eval "$(scripts/localcloud env)"')


@app.command()
def env(state: StateFolder = DEFAULT) -> None:
    """Print the exports for a shell that works on it: eval "$(scripts/localcloud env)"."""
    print(shell.exports(LocalCloud(state.absolute()).environment()))


@app.command()
def status(
    state: StateFolder = DEFAULT, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False
) -> None:
    """Show its endpoint, hosts, volumes, and the bytes its hub has sent."""
    told = LocalCloud(state.absolute()).status()
    print(json.dumps(told, indent=1) if as_json else _readable(told))


def _readable(told: dict[str, Any]) -> str:
    lines = [f"AWS's API      {told['endpoint']}", f"hub            {told['hub']}  {told['hub_bytes']} bytes sent"]
    lines += [
        f"instance       {one['id']}  {one['state']:<9} {one['address'] or 'no machine'}" for one in told["hosts"]
    ]
    lines += [
        f"volume         {one['id']}  {one['size_gib']} GiB in {one['zone']}, {one['state']} {one['instance']}".rstrip()
        for one in told["volumes"]
    ]
    lines += [
        f"snapshot       {one['id']}  of {one['volume']}, {one['size_gib']} GiB, {one['state']}"
        for one in told["snapshots"]
    ]
    lines += [f"fault armed    {one['kind']} {one['about']}".rstrip() + _times(one["times"]) for one in told["faults"]]
    return "\n".join(lines)


def _times(times: int | None) -> str:
    return "" if times is None else f", {times} times more"


@app.command("run-policy")
def run_policy(
    policy: Annotated[str, typer.Argument(help="The snapshot policy's id.")], state: StateFolder = DEFAULT
) -> None:
    """What a snapshot policy does when its hour comes, now."""
    print(LocalCloud(state.absolute()).order("run-policy", policy=policy))


@app.command()
def stop(state: StateFolder = DEFAULT) -> None:
    """End it and its machines; the disks of volumes and Pulumi's state stay."""
    LocalCloud(state.absolute()).stop()


@app.command()
def reset(state: StateFolder = DEFAULT) -> None:
    """End it and remove its folder: volumes, Pulumi's state, all."""
    LocalCloud(state.absolute()).reset()


@app.command(hidden=True)
def serve(state: StateFolder = DEFAULT, hosts: WithHosts = True) -> None:
    """Be the daemon; `start` runs this."""
    from tests.localcloud.cloud import daemon  # moto takes a second to import

    own = State(state.absolute())
    daemon.serve(own, parts.tiny_model(), partial(_machines, own) if hosts else None)


def _machines(state: State, hub_port: int) -> Fleet:
    """The machines, which reach the hub and nothing else."""
    return Fleet(state.hosts, image.obtain(print), {HUB: hub_port})


def main() -> None:
    """Run the command; an error is told on stderr, in words."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a kill, too, ends what was started
    try:
        app(prog_name="scripts/localcloud")
    except (LocalCloudError, OSError) as error:
        sys.exit(f"scripts/localcloud: {error}")


if __name__ == "__main__":
    main()
