"""Where DLM's API is served; moto looks for this module beside the backend's."""

from __future__ import annotations

from tests.localcloud.cloud.dlm.responses import DlmResponse

url_bases = [r"https?://dlm\.(.+)\.amazonaws\.com"]

url_paths = {
    "{0}/policies$": DlmResponse.dispatch,
    "{0}/policies/(?P<policyId>[^/]+)$": DlmResponse.dispatch,
    "{0}/tags/(?P<resourceArn>.+)$": DlmResponse.dispatch,
}
