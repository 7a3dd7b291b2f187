"""DLM's API: the calls, which moto finds by botocore's model, and their answers, to which that gives the wire shape."""

from __future__ import annotations

import json
from typing import Any

from botocore.model import Shape, StructureShape
from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.core.utils import get_service_model

from tests.localcloud.cloud.dlm import form, models
from tests.localcloud.cloud.dlm.errors import InvalidRequest


class DlmResponse(BaseResponse):
    """One call."""

    def __init__(self) -> None:
        super().__init__(service_name="dlm")

    @property
    def _backend(self) -> models.DlmBackend:
        return models.dlm_backends[self.current_account][self.region]

    def create_lifecycle_policy(self) -> ActionResult:
        """CreateLifecyclePolicy, of custom policies."""
        request = self._request()
        if "DefaultPolicy" in request:
            raise InvalidRequest("DefaultPolicy: the local cloud has no default policies.")
        return ActionResult({"PolicyId": self._backend.create(request).policy_id})

    def get_lifecycle_policies(self) -> ActionResult:
        """GetLifecyclePolicies."""
        return ActionResult({"Policies": self._backend.find(self._request())})

    def get_lifecycle_policy(self) -> ActionResult:
        """GetLifecyclePolicy."""
        return ActionResult({"Policy": self._backend.get(self.uri_match["policyId"])})

    def update_lifecycle_policy(self) -> ActionResult:
        """UpdateLifecyclePolicy."""
        self._backend.update(self._request())
        return EmptyResult()

    def delete_lifecycle_policy(self) -> ActionResult:
        """DeleteLifecyclePolicy."""
        self._backend.delete(self.uri_match["policyId"])
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        """ListTagsForResource."""
        return ActionResult({"Tags": self._backend.tagged(self._request()["ResourceArn"]).tags})

    def tag_resource(self) -> ActionResult:
        """TagResource."""
        request = self._request()
        self._backend.tagged(request["ResourceArn"]).tags.update(request["Tags"])
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        """UntagResource."""
        request = self._request()
        tags = self._backend.tagged(request["ResourceArn"]).tags
        for key in request["TagKeys"]:
            tags.pop(key, None)
        return EmptyResult()

    def _request(self) -> dict[str, Any]:
        """The call's members, as botocore's model names them and once it accepts them."""
        shape = get_service_model("dlm").operation_model(self._get_action()).input_shape
        assert isinstance(shape, StructureShape)
        elsewhere = {name: self._outside_the_body(one) for name, one in shape.members.items()}
        request = self._body() | {name: value for name, value in elsewhere.items() if value}
        form.check(request, shape)
        return request

    def _outside_the_body(self, member: Shape) -> str | list[str] | None:
        name = member.serialization.get("name", "")
        if member.serialization.get("location") == "uri":
            return str(self.uri_match[name])
        if member.serialization.get("location") != "querystring":
            return None
        arguments = self.normalized_request.args
        return arguments.getlist(name) if member.type_name == "list" else arguments.get(name)

    def _body(self) -> dict[str, Any]:
        try:
            body = json.loads(self.body or "{}")
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise InvalidRequest("The request's body is not a JSON object.")
        return body
