"""Where EC2's API is served; moto looks for this module beside the backend's."""

from __future__ import annotations

from moto.ec2.urls import url_bases

from tests.localcloud.cloud.ec2.responses import LocalEC2Response

__all__ = ["url_bases", "url_paths"]

url_paths = {"{0}/": LocalEC2Response.dispatch}
