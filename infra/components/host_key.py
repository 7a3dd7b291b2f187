"""The host's SSH key: made once by Pulumi, so that the first contact is verified, and that with a reset host, too."""

from __future__ import annotations

from typing import Any

import pulumi
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class HostKeyProvider(ResourceProvider):
    """Makes the key pair when the resource is made; nothing ever changes it."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        """A new Ed25519 key pair, both halves in OpenSSH's own form."""
        key = Ed25519PrivateKey.generate()
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        halves = {"private_key": private.decode(), "public_key": public.decode()}
        return CreateResult(id_=halves["public_key"], outs=halves)


class HostKey(Resource, module="infra", name="HostKey"):
    """An Ed25519 host key; the private half is a secret of the stack's state."""

    private_key: pulumi.Output[str]
    public_key: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        secret = pulumi.ResourceOptions(additional_secret_outputs=["private_key"])
        super().__init__(
            HostKeyProvider(),
            name,
            {"private_key": None, "public_key": None},
            pulumi.ResourceOptions.merge(opts, secret),
        )
