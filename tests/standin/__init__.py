"""A model hub on loopback and a tiny Z-Image pipeline, for tests and demos without a network."""

from tests.standin.faults import (
    LISTING,
    Corrupt,
    Drop,
    Fault,
    NoRange,
    ShortBody,
    Slow,
    Stall,
    Status,
    Truncate,
)
from tests.standin.hub import Hub
from tests.standin.requestlog import Request
from tests.standin.tiny import save_tiny_pipeline

__all__ = [
    "LISTING",
    "Corrupt",
    "Drop",
    "Fault",
    "Hub",
    "NoRange",
    "Request",
    "ShortBody",
    "Slow",
    "Stall",
    "Status",
    "Truncate",
    "save_tiny_pipeline",
]
