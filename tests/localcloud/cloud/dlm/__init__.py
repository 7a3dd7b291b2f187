"""Amazon Data Lifecycle Manager, which moto lacks: policies that say when volumes get snapshots, and how many stay.

Nothing runs at a policy's times: ``models.DlmBackend.run`` does on demand what its schedules would do.
"""

from __future__ import annotations

import re
import sys

from moto.backend_index import backend_url_patterns

from tests.localcloud.cloud.dlm.models import dlm_backends
from tests.localcloud.cloud.dlm.urls import url_bases

__all__ = ["dlm_backends", "register"]


def register() -> None:
    """Have moto's server find this service: it looks for the package ``moto.<service>`` by the host of a request."""
    if "moto.dlm" not in sys.modules:
        sys.modules["moto.dlm"] = sys.modules[__name__]
        backend_url_patterns.append(("dlm", re.compile(url_bases[0])))
