"""The bootstrap as a Pulumi resource: made and updated by converging the host, deleted by letting the volume go.

The engine imports this class by its name in every later run: the module must never be renamed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult
from pulumi.runtime import rpc
from zagent.errors import ZagentError

from infra.account.access import Access
from infra.bootstrap import agent, power
from infra.bootstrap.converge import converge, missing
from infra.bootstrap.gather import on_host
from infra.bootstrap.permission import VolumeTag
from infra.bootstrap.ssh.connecting import connect
from infra.bootstrap.ssh.host import SSH_PATIENCE, must
from infra.bootstrap.ssh.login import Login
from infra.bootstrap.steps.base import Target
from infra.bootstrap.want import ROOT, of_stack
from infra.settings import Settings

if TYPE_CHECKING:
    from infra.components.data_volume import DataVolume
    from infra.components.gpu_host import GpuHost

REPLACES = ("instance_id", "volume_id")
"""What takes the volume off a host when it changes, so that `delete` must run on the old host first."""

REFRESH_CONNECT = 20.0
"""Seconds to reach a host that is only asked how it is."""

FAREWELL_CONNECT, FAREWELL = 20.0, 80.0
"""Seconds to reach a host that is to go, and for all that its `delete` does: under 90 with what a dead line costs."""

LEAST = 15.0
"""Seconds for the unmount at least, where it took long to reach the host."""


def source_digest() -> str:
    """A name for all that decides what a host becomes: the agent's code, this package with its files."""

    def own() -> Iterator[tuple[str, bytes]]:
        folder = Path(__file__).parent
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(folder).as_posix(), path.read_bytes()

    return agent.digest(iter([*agent.files(), *own()]))


class HostBootstrapProvider(ResourceProvider):
    """What the engine calls. Everything printed here shows in `pulumi up`."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Converge the host."""
        _converge(props)
        return CreateResult(id_=f"{props['instance_id']}/{props['volume_id']}", outs=props)

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Converge the host again."""
        _converge(news)
        return UpdateResult(outs=news)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Whatever is not known yet counts as changed: in a preview a new host has no id."""
        differing = [name for name in news if name not in ASIDE and _differs(olds.get(name), news[name])]
        differing += [STOPPED] if news.get(STOPPED) else []
        differing += [DRIFT] if olds.get(DRIFT) else []
        replaces = [name for name in differing if name in REPLACES]
        return DiffResult(changes=bool(differing), replaces=replaces, delete_before_replace=True)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """For `pulumi refresh`: what the host lacks is noted, so that the next `up` converges it.

        A host that can't be asked is left as it was known.
        """
        told = {name: one for name, one in props.items() if name != DRIFT}
        try:
            with _target(told, REFRESH_CONNECT) as target:
                drift = list(map(str, missing(target, of_stack(told["volume_id"], told))))
        except ZagentError as error:
            _say(f"warning: {error.message}; what it lacks is not known")
            return ReadResult(id_, props)
        return ReadResult(id_, {**told, DRIFT: drift} if drift else told)

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """Let the volume go, as far as the host can be reached: what is to go need not be well."""
        begun = time.monotonic()
        try:
            with closing(connect(login(props), _say, FAREWELL_CONNECT)) as host:
                left = max(LEAST, FAREWELL - (time.monotonic() - begun))
                words = on_host("release", ROOT, f"{left - LEAST / 2:.0f}")
                must(host, "let the data volume go", *words, patience=left)
                _say(f"{host.address}: {ROOT} is unmounted, and nobody holds its disk")
        except ZagentError as error:
            _say(f"warning: {error.message}; the volume is detached without it, once the instance has stopped")


STOPPED = "stopped"
"""The property that says why the host is stopped, so that there is a difference; how it is by then is asked again. Once
it runs again, that it was stopped is no difference."""

DRIFT = "drift"
"""The property that holds the steps which a refresh found missing; a converge takes it away."""

ASIDE = ("__provider", STOPPED)
"""Properties that are not compared; the first is the engine's own."""


def _differs(old: object, new: object) -> bool:
    return new == rpc.UNKNOWN or isinstance(new, pulumi.output.Unknown) or old != new


def login(props: Mapping[str, Any]) -> Login:
    """How to log in to the host of these properties."""
    key = Path(props["ssh_private_key_file"])
    return Login(props["address"], props["ssh_user"], key, props["host_key"], proxy=props["proxy"])


def _converge(props: Mapping[str, Any]) -> None:
    try:
        start_if_stopped(props, Access(props["region"], props["profile"]))
        with _target(props) as target:
            converge(target, of_stack(props["volume_id"], props))
    except ZagentError as error:
        raise RuntimeError(f"{error.message}\n  try: {error.advice}") from error


@contextmanager
def _target(props: Mapping[str, Any], patience: float = SSH_PATIENCE) -> Iterator[Target]:
    access = Access(props["region"], props["profile"])
    permission = VolumeTag(props["volume_id"], props["project"], props["stack"], access)
    with closing(connect(login(props), _say, patience)) as host:
        yield Target(host, permission, _say)


def start_if_stopped(props: Mapping[str, Any], access: Access) -> None:
    """Start the host of these properties if it is stopped now, whatever it was when the program ran.

    Raises:
        NoCapacity, CloudRefused: it can't be started now.
    """
    power.see_running(access, props["instance_id"], _say)


def _say(line: str) -> None:
    print(line, flush=True)


@dataclass(frozen=True)
class HostBootstrapArgs:
    """The stack's settings, the host to converge, the volume to bring to it.

    ``stopped`` is why the host is stopped, empty while it runs.
    """

    settings: Settings
    stopped: str
    host: GpuHost
    volume: DataVolume


class HostBootstrap(Resource, module="infra", name="HostBootstrap"):
    """A host that is as wanted; it depends on the attachment, so it is gone before the volume is detached."""

    def __init__(self, name: str, args: HostBootstrapArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        settings = args.settings
        props: dict[str, pulumi.Input[Any]] = {
            "instance_id": args.host.instance.id,
            "address": args.host.address,
            "host_key": args.host.key.public_key,
            "ssh_user": settings.ssh_user,
            "ssh_private_key_file": str(settings.ssh_private_key_file),
            "volume_id": args.volume.id,
            "volume_size": args.volume.size,
            "project": settings.project,
            "stack": settings.stack,
            "region": settings.access.region_name,
            "profile": settings.profile,
            "proxy": settings.proxy,
            STOPPED: args.stopped,
            "modelscope_endpoint": settings.modelscope_endpoint,
            "python_index_url": settings.python_index_url,
            "pull_on_up": settings.pull_on_up,
            "backup_target": settings.backup_target,
            "digest": source_digest(),
        }
        attached = pulumi.ResourceOptions(depends_on=[args.host.attachment])
        super().__init__(HostBootstrapProvider(), name, props, pulumi.ResourceOptions.merge(opts, attached))
