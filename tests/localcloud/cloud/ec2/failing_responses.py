"""Errors that are not the caller's, which moto does not have."""

from __future__ import annotations

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

from tests.localcloud.cloud.ec2.refusals import RequestLimitExceeded, ServerError


class FailingResponse(EC2Response):
    """EC2's calls, refused when too many come, and answered with the HTTP state of the error."""

    def call_action(self) -> TYPE_RESPONSE:
        """Answer the call, or refuse it unseen."""
        if self.ec2_backend.faults.strikes("throttling"):
            return self.serialized(ActionResult(RequestLimitExceeded()))
        return super().call_action()

    def serialized(self, action_result: ActionResult) -> TYPE_RESPONSE:
        """Moto answers every error of EC2's with 400."""
        status, headers, body = super().serialized(action_result)
        error = action_result.result
        return (error.http_status if isinstance(error, ServerError) else status), headers, body
