"""Repositories that open at once: by design restic spends half a second on each opening (scrypt), hundreds of times.

A key file tells its own cost (restic's design document, "Keys, Encryption and MAC"), so one with a low cost opens for
the same password and by any restic. What zagent itself makes, at full cost, has tests of its own.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305

CHEAP = {"N": 2, "r": 1, "p": 1}
"""The least that restic takes."""


def cheapen(repository: Path, password: Path) -> None:
    """Replace the only key of a repository by one that costs nothing to open, for the same password."""
    (old,) = (repository / "keys").iterdir()
    told = json.loads(old.read_text())
    word = password.read_bytes().strip()
    master = _opened(base64.b64decode(told["data"]), _derived(word, told))
    cheap = {**told, **CHEAP}
    cheap["data"] = base64.b64encode(_sealed(master, _derived(word, cheap))).decode()
    content = json.dumps(cheap).encode()
    old.with_name(hashlib.sha256(content).hexdigest()).write_bytes(content)
    old.unlink()


def _derived(password: bytes, told: dict[str, Any]) -> bytes:
    """32 bytes to encrypt with, 32 to authenticate with."""
    salt, cost = base64.b64decode(told["salt"]), {name.lower(): int(told[name]) for name in CHEAP}
    return hashlib.scrypt(password, salt=salt, maxmem=1 << 28, dklen=64, **cost)


def _opened(sealed: bytes, key: bytes) -> bytes:
    nonce, content, tag = sealed[:16], sealed[16:-16], sealed[-16:]
    assert tag == _tag(nonce, content, key)
    return _mixed(nonce, content, key)


def _sealed(content: bytes, key: bytes) -> bytes:
    nonce = os.urandom(16)
    mixed = _mixed(nonce, content, key)
    return nonce + mixed + _tag(nonce, mixed, key)


def _mixed(nonce: bytes, content: bytes, key: bytes) -> bytes:
    """AES-256 in counter mode, which is its own inverse."""
    return Cipher(algorithms.AES(key[:32]), modes.CTR(nonce)).encryptor().update(content)


def _tag(nonce: bytes, content: bytes, key: bytes) -> bytes:
    """Poly1305-AES: what is added in the end is the nonce, encrypted."""
    once = Cipher(algorithms.AES(key[32:48]), modes.ECB()).encryptor().update(nonce)
    return Poly1305.generate_tag(key[48:] + once, content)
