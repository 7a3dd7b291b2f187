"""A host as QEMU's command line. Files with relative names lie in the host's folder, where QEMU is started.

Each disk has a serial number: the volume id without its dash. Those that come and go with the instance are NVMe, as on
EC2's Nitro machines. Volumes are virtio disks, for QEMU's NVMe disks can't grow while they are in.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.localcloud.hosts import image
from tests.localcloud.hosts.accelerator import EMULATION
from tests.localcloud.hosts.image import Image
from tests.localcloud.hosts.record import PORTS, Disk, Record

MEMORY = "4G"
PROCESSORS = 2

ROOT = "root.qcow2"
SEED = "seed.iso"
INSTANCE_STORE = "instance-store.raw"
MONITOR = "qmp.sock"
AGENT = "agent.sock"
"""Leads to the guest agent, once the system has started it."""
AGENT_PORT = "org.qemu.guest_agent.0"
PID_FILE = "qemu.pid"
"""QEMU holds a lock on it for as long as it runs."""
CONSOLE = "console.log"

KERNEL_ARGUMENTS = f"root=LABEL={image.LABEL} rw console=ttyS0 loglevel=4 norandmaps mitigations=off"
"""Emulated, a program starts twice as fast where it lies at the same addresses as before: what QEMU has translated once
is used again. Nobody attacks these machines from within."""

EMULATED_PROCESSOR = "max,-avx,-avx2,-fma,-f16c,-vaes,-vpclmulqdq,-erms,-la57"
"""All that QEMU can do but what it does slowly: wide vectors, string copies byte by byte, five levels of page tables.
Without them SHA-256 is twice as fast, a boot by a fifth."""

RELAY = "socat -t60 FD:0,,shut-down TCP:127.0.0.1:{port}"
"""One for each connection from the machine, which is its standard input and output. It passes on that one side has
closed, which netcat does not: a client whose server hangs up would wait for ever. QEMU wants commas doubled."""

NETWORK = "network"

Node = dict[str, Any]


def command(record: Record, image: Image, services: Mapping[str, int], accelerator: str) -> list[str]:
    """The command that starts the host and returns when it runs."""
    processor = EMULATED_PROCESSOR if accelerator == EMULATION else "max"
    return [
        *("qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-daemonize"),
        *("-pidfile", PID_FILE, "-serial", f"file:{CONSOLE}", "-qmp", f"unix:{MONITOR},server=on,wait=off"),
        *("-machine", "q35", "-accel", accelerator, "-cpu", processor, "-smp", str(PROCESSORS), "-m", MEMORY),
        *("-kernel", str(image.kernel), "-initrd", str(image.initrd), "-append", KERNEL_ARGUMENTS),
        *_network(record, services),
        *_agent(),
        *_own_disks(record.instance_id),
        *_volumes(record.disks),
    ]


def _network(record: Record, services: Mapping[str, int]) -> Iterator[str]:
    """A closed network: SSH comes in, ``services`` are reached on port 80, and nothing else is."""
    ssh = [f"hostfwd={forward(record.address)}"] if record.reachable else []
    forwards = [f"guestfwd=tcp:{guest}:80-cmd:{RELAY.format(port=port)}" for guest, port in services.items()]
    yield "-netdev"
    yield ",".join([f"user,id={NETWORK},restrict=on", *ssh, *forwards])
    yield from _json("-device", [{"driver": "virtio-net-pci", "netdev": NETWORK, "romfile": ""}])


def forward(address: str) -> str:
    """SSH from an address of this machine into the host: the rule of QEMU's user network."""
    return f"{listener(address)}-:22"


def listener(address: str) -> str:
    """The side of ``forward`` that listens."""
    return f"tcp:{address}:22"


def _agent() -> Iterator[str]:
    yield from ("-chardev", f"socket,id={AGENT_PORT},path={AGENT},server=on,wait=off")
    port = {"driver": "virtserialport", "chardev": AGENT_PORT, "name": AGENT_PORT}
    yield from _json("-device", [{"driver": "virtio-serial-pci"}, port])


def _own_disks(instance_id: str) -> Iterator[str]:
    """The disks that come and go with the instance; the CD with its user data is no NVMe disk, EC2 has none."""
    suffix = instance_id.removeprefix("i-")
    # The root disk is as good as gone when this machine crashes, so it need not be flushed.
    root = {"node-name": "root", "driver": "qcow2", "file": _file(ROOT), "cache": {"no-flush": True}}
    store = {"node-name": "instance-store", "driver": "raw", "file": _file(INSTANCE_STORE)}
    seed = {"node-name": "seed", "driver": "raw", "file": _file(SEED), "read-only": True}
    yield from _json("-blockdev", [{**root, "discard": "unmap"}, store, seed])
    yield from _json(
        "-device",
        [
            {"driver": "nvme", "drive": "root", "serial": f"vol{suffix}"},
            {"driver": "nvme", "drive": "instance-store", "serial": f"AWS-decoy-{suffix[-10:]}"},
            {"driver": "virtio-blk-pci", "drive": "seed"},
        ],
    )


def _volumes(disks: Mapping[str, Disk]) -> Iterator[str]:
    """The ports, of which q35 has none that could be plugged into later, and the disks that are in them."""
    ports = [{"driver": "pcie-root-port", "id": f"port{port}", "chassis": port} for port in range(PORTS)]
    yield from _json("-device", ports)
    yield from _json("-blockdev", [one for item in disks.items() for one in nodes(*item)])
    yield from _json("-device", [device(*item) for item in disks.items()])


def nodes(volume_id: str, disk: Disk) -> list[Node]:
    """A volume's content, lowest layer first: arguments of ``-blockdev`` and of QMP's ``blockdev-add``."""
    file = {"node-name": f"{volume_id}-file", **_file(disk.path), "discard": "unmap"}
    top = {"node-name": volume_id, "driver": "raw", "file": file["node-name"], "discard": "unmap"}
    if not disk.broken:
        return [file, top]
    fault = {"event": "none", "errno": errno.EIO}
    faults = [{**fault, "iotype": one} for one in ("write", "write-zeroes", "discard")]
    broken = {"node-name": f"{volume_id}-broken", "driver": "blkdebug", "image": file["node-name"]}
    return [file, {**broken, "inject-error": faults}, {**top, "file": broken["node-name"]}]


def device(volume_id: str, disk: Disk) -> Node:
    """A volume's disk: an argument of ``-device`` and of QMP's ``device_add``."""
    place = {"id": volume_id, "drive": volume_id, "bus": f"port{disk.port}"}
    return {"driver": "virtio-blk-pci", "serial": serial(volume_id), **place}


def serial(volume_id: str) -> str:
    """The serial number of a volume's disk, as EBS gives it."""
    return volume_id.replace("-", "")


def _file(path: str | Path) -> Node:
    return {"driver": "file", "filename": str(path)}


def _json(option: str, values: Iterable[Node]) -> Iterator[str]:
    for value in values:
        yield from (option, json.dumps(value))
