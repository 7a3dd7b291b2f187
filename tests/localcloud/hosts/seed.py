"""What a host's first boot reads: cloud-init's NoCloud data on a CD, in place of EC2's metadata service.

Source: cloud-init's reference of the NoCloud datasource.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

LABEL = "cidata"
"""By which cloud-init knows it."""


def write(path: Path, instance_id: str, user_data: bytes, public_key: str) -> None:
    """Make the CD image: ``user_data`` as EC2 would serve it, and the login user's key, if any.

    A system disk that has never seen ``instance_id`` takes the data as its first boot's. The data may hold the host's
    private key, so the file is its owner's alone.
    """
    metadata = {"instance-id": instance_id, "public-keys": [public_key] if public_key else []}
    path.touch(mode=0o600)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "meta-data").write_text(json.dumps(metadata))
        (Path(folder) / "user-data").write_bytes(user_data)
        subprocess.run(["genisoimage", "-quiet", "-rational-rock", "-V", LABEL, "-o", path, folder], check=True)
