"""The image that hosts are made of."""

from __future__ import annotations

from infra.account.access import Access, answered

PARAMETER = "/aws/service/deeplearning/ami/x86_64/oss-nvidia-driver-gpu-pytorch-2.12-ubuntu-24.04/latest/ami-id"
"""AWS's public parameter that names its current Ubuntu image with the NVIDIA driver and PyTorch (in /opt/pytorch)."""


def current(access: Access) -> str | None:
    """The id of AWS's current image; None where the region has no such parameter."""
    found: list[str] = []
    with answered("ParameterNotFound"):
        found.append(access.ssm.get_parameter(Name=PARAMETER)["Parameter"]["Value"])
    return next(iter(found), None)
