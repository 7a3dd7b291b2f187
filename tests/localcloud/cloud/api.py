"""AWS's API on a loopback port: moto's server, with our EC2 and quotas in the place of moto's, and DLM beside them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from moto.core.base_backend import BackendDict
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import EC2Backend, ec2_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.servicequotas.models import ServiceQuotasBackend, servicequotas_backends
from werkzeug.serving import BaseWSGIServer, make_server

from tests.localcloud.cloud import dlm
from tests.localcloud.cloud.disks import Disks
from tests.localcloud.cloud.dlm.models import DlmBackend
from tests.localcloud.cloud.ec2 import image
from tests.localcloud.cloud.ec2.models import LocalEC2Backend
from tests.localcloud.cloud.faults import Faults
from tests.localcloud.cloud.machines import Machines
from tests.localcloud.cloud.once import Once
from tests.localcloud.cloud.quotas import LocalQuotas
from tests.localcloud.cloud.region import REGION
from tests.localcloud.serving import answering


@contextmanager
def served(machines: Machines, disks: Disks) -> Iterator[int]:
    """The port on 127.0.0.1 that serves the API for the length of the block, which begins and ends knowing nothing."""
    _forget()  # what another moto in this process left is of its kind, not of ours
    LocalEC2Backend.machines, LocalEC2Backend.disks, LocalEC2Backend.faults = machines, disks, Faults()
    _put(LocalEC2Backend, LocalQuotas)
    dlm.register()
    image.publish()
    try:
        with answering(_server()) as port:
            yield port
    finally:
        _put(EC2Backend, ServiceQuotasBackend)
        _forget()


def _server() -> BaseWSGIServer:
    """Moto's; it is ours to start and end, as moto's own thread for it takes half a second to end."""
    application = Once(DomainDispatcherApplication(create_backend_app))
    return make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)


def _put(ec2: type[EC2Backend], quotas: type[ServiceQuotasBackend]) -> None:
    """Have the services' regions made of these."""
    ec2_backends.backend, servicequotas_backends.backend = ec2, quotas


def _forget() -> None:
    """Every service that was spoken to, whichever; moto's own reset would make each region anew, with its disks."""
    for service in BackendDict._instances:  # type: ignore[misc]
        service.clear()


def ec2(region: str = REGION) -> LocalEC2Backend:
    """The state that the API shows of a region."""
    backend = ec2_backends[DEFAULT_ACCOUNT_ID][region]
    assert isinstance(backend, LocalEC2Backend)
    return backend


def lifecycle(region: str = REGION) -> DlmBackend:
    """The snapshot policies of a region, which ``run`` on demand."""
    return dlm.dlm_backends[DEFAULT_ACCOUNT_ID][region]
