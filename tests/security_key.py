"""A private key file whose key a security key holds (FIDO, ``ssh-keygen -t ed25519-sk``), made without one."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

KIND = b"sk-ssh-ed25519@openssh.com"
POINT = bytes(range(32))
APPLICATION = b"ssh:"
NEEDS_TOUCH = b"\x01"


def _string(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def write(path: Path) -> None:
    """As OpenSSH lays it out (its PROTOCOL.key and PROTOCOL.u2f): no secret is in it, only how to ask for one."""
    public = _string(KIND) + _string(POINT) + _string(APPLICATION)
    private = struct.pack(">II", 7, 7) + public + NEEDS_TOUCH + _string(b"handle") + _string(b"") + _string(b"somebody")
    private += bytes(range(1, 1 + -len(private) % 8))
    whole = b"openssh-key-v1\0" + _string(b"none") * 2 + _string(b"") + struct.pack(">I", 1)
    lines = base64.encodebytes(whole + _string(public) + _string(private)).decode()
    path.write_text(f"-----BEGIN OPENSSH PRIVATE KEY-----\n{lines}-----END OPENSSH PRIVATE KEY-----\n")
    path.chmod(0o600)
