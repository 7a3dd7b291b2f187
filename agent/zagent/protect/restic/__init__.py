"""restic as a destination: encrypted, deduplicated, with a history, on a disk or elsewhere."""
