"""A private key to log in with."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def written(path: Path) -> Path:
    """Make a new one, in OpenSSH's own form and without a passphrase; its file."""
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
    path.write_bytes(Ed25519PrivateKey.generate().private_bytes(*form))
    return path
