"""The variables that pin every cache to the volume. Pure."""

from __future__ import annotations

from infra.bootstrap.want import LAYOUT, ROOT, Want


def agent_env(want: Want) -> str:
    """The variables of services and containers, as systemd and Docker read them."""
    cache = LAYOUT.modelscope_cache
    lines = ["# zagent's; for people's shells there is `zagent env`."]
    lines += [f"ZAGENT_DATA_ROOT={ROOT}", f"MODELSCOPE_CACHE={cache}", f"HF_HOME={cache}"]
    lines += [f"MODELSCOPE_ENDPOINT={want.modelscope_endpoint}"] if want.modelscope_endpoint else []
    return "\n".join([*lines, ""])
