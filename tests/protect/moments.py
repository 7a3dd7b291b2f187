"""What the tests of `zagent status` have in common: a moment, two destinations, and runs that went well or not."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from zagent.errors import BackupOverdue
from zagent.protect.destinations import Destination
from zagent.protect.record import Run
from zagent.weights.model import Model

GB = 10**9
NOW = datetime(2026, 1, 4, 12, tzinfo=timezone.utc)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DISK = Destination("disk2", "mirror", "/mnt/backup")
CLOUD = Destination("cloud", "restic", "s3:bucket")
HERE = {"owner/name": "sha256:new"}
GOOD = Run(NOW - 10 * HOUR, sets=HERE)
FAILED = Run(NOW - HOUR, "the destination is not there", 42)
OVERDUE = BackupOverdue.exit_code
MODEL = Model()
