"""DLM's errors. Their attributes are the members of botocore's model in snake case, where moto's serializer looks."""

from __future__ import annotations

from collections.abc import Sequence

from moto.core.exceptions import ServiceException


class InvalidRequest(ServiceException):
    """The request breaks a rule."""

    code = "InvalidRequestException"


class MissingParameters(InvalidRequest):
    """Something that it needs is not in it."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"The following required parameter(s) are missing: {{{', '.join(names)}}}")
        self.required_parameters = list(names)


class ExclusiveParameters(InvalidRequest):
    """Only one of these can be in it."""

    def __init__(self, *names: str) -> None:
        super().__init__(f"The following parameters are mutually exclusive: {{{', '.join(names)}}}")
        self.mutually_exclusive_parameters = list(names)


class NoSuchPolicy(ServiceException):
    """There is no policy of an id or ARN."""

    code = "ResourceNotFoundException"

    def __init__(self, *ids: str) -> None:
        super().__init__(f"The following policies do not exist: {{{', '.join(ids)}}}")
        self.resource_type, self.resource_ids = "policy", list(ids)
