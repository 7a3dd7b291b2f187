"""The replacement of an instance's root volume, which moto lacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone

from moto.moto_api._internal import mock_random


@dataclass
class ReplaceRootVolumeTask:
    """One replacement. The attributes are the API's members in snake case, which is how moto's serializer finds them.

    ``task_state`` goes from "pending" over "in-progress" to "succeeded" or "failed"; the times are ISO 8601 in UTC.
    """

    instance_id: str
    image_id: str | None
    snapshot_id: str | None
    delete_replaced_root_volume: bool
    tags: list[dict[str, str]]
    task_state: str = "pending"
    complete_time: str | None = None
    start_time: str = field(default_factory=lambda: now())
    replace_root_volume_task_id: str = field(default_factory=lambda: f"replacevol-{mock_random.get_random_hex(17)}")

    def end(self, task_state: str) -> None:
        """It succeeded or failed, now."""
        self.complete_time, self.task_state = now(), task_state

    def matches(self, filters: dict[str, list[str]]) -> bool:
        """Whether it passes the API's one filter, ``instance-id``."""
        wanted = filters.get("instance-id")
        return wanted is None or self.instance_id in wanted


def now() -> str:
    """The time as the API writes it."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
