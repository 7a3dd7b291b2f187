"""Errors of EC2's API that only faults bring, with the messages and HTTP states of AWS (EC2 API reference, errors)."""

from __future__ import annotations

from typing import ClassVar

from moto.ec2.exceptions import EC2ClientError


class ServerError(EC2ClientError):
    """An error that is not the caller's: ``http_status`` is 500 or more."""

    http_status: ClassVar[int] = 500


class InsufficientInstanceCapacity(ServerError):
    """The zone has no such instance at the moment."""

    code = "InsufficientInstanceCapacity"
    message = (
        "We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested ({zone}). "
        "Our system will be working on provisioning additional capacity."
    )


class RequestLimitExceeded(ServerError):
    """Too many calls in too short a time."""

    http_status = 503
    code = "RequestLimitExceeded"
    message = "Request limit exceeded."


class VcpuLimitExceeded(EC2ClientError):
    """The account's quota of virtual processors for this family of types is used up."""

    code = "VcpuLimitExceeded"
    message = (
        "You have requested more vCPU capacity than your current vCPU limit of 0 allows for the instance bucket that "
        "the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request "
        "an adjustment to this limit."
    )
