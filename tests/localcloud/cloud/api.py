"""AWS's API on a loopback port: moto's server, with our EC2 in the place of moto's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import EC2Backend, ec2_backends
from moto.server import ThreadedMotoServer
from moto.ssm.models import ssm_backends

from tests.localcloud.cloud.disks import Disks
from tests.localcloud.cloud.ec2 import image
from tests.localcloud.cloud.ec2.models import LocalEC2Backend
from tests.localcloud.cloud.machines import Machines
from tests.localcloud.cloud.region import REGION


@contextmanager
def served(machines: Machines, disks: Disks) -> Iterator[int]:
    """The port on 127.0.0.1 that serves the API for the length of the block, which begins and ends knowing nothing."""
    _forget()  # what another moto in this process left is of its kind, not of ours
    LocalEC2Backend.machines, LocalEC2Backend.disks = machines, disks
    ec2_backends.backend = LocalEC2Backend
    image.publish()
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield server.get_host_and_port()[1]
    finally:
        server.stop()
        ec2_backends.backend = EC2Backend
        _forget()


def _forget() -> None:
    ec2_backends.clear()
    ssm_backends.clear()


def ec2(region: str = REGION) -> LocalEC2Backend:
    """The state that the API shows of a region."""
    backend = ec2_backends[DEFAULT_ACCOUNT_ID][region]
    assert isinstance(backend, LocalEC2Backend)
    return backend
