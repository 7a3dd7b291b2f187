"""The command ``zagent`` on a host. Pure."""

from __future__ import annotations

import shlex

from infra.bootstrap.checking import PATIENCE, UNIT
from infra.bootstrap.runtime import Runtime
from infra.bootstrap.want import AGENTS, COMPILE_CACHES, LAYOUT, RUNTIME_STAMPS, Want

SILENCE = 10
"""Seconds that a command may take to begin without a word."""

LAUNCHER = """\
#!/bin/sh
# zagent's; `zagent cloud converge` puts it right again.
{endpoint}
rescue() {{
    export ZAGENT_RESCUE="$1"
    shift
    exec {rescue} -I {agent} "$@"
}}

# Root runs nothing from the volume.
[ "$(/usr/bin/id -u)" != 0 ] || rescue root "$@"

# After a mount the packages there are checked once; while that lasts, it is waited for.
patience={patience}
while [ ! -e {stamp} ] && [ "$(systemctl is-active {unit} 2>/dev/null)" = activating ]; do
    [ "$patience" -gt 0 ] || rescue checking "$@"
    [ "$patience" != {patience_told} ] || echo "zagent: waiting for {unit}, which reads the packages on the volume" >&2
    patience=$((patience - 1))
    sleep 1
done
[ -e {marker} ] || rescue unmounted "$@"
[ -e {stamp} ] || rescue differs "$@"

# What is compiled for a GPU is kept, by each user alone: it is code.
user=$(/usr/bin/id -un)
for cache in "{home}/cache" "{services}"; do
    if [ -O "${{cache%/cache}}" ] && mkdir -p -m 700 "$cache" 2>/dev/null; then
        export TORCHINDUCTOR_CACHE_DIR="${{TORCHINDUCTOR_CACHE_DIR:-$cache/torchinductor}}"
        export TRITON_CACHE_DIR="${{TRITON_CACHE_DIR:-$cache/triton}}"
        export CUDA_CACHE_PATH="${{CUDA_CACHE_PATH:-$cache/cuda}}"
        break
    fi
done

unset ZAGENT_RESCUE
exec {python} {agent} "$@"
"""


def launcher(want: Want, runtime: Runtime, rescue: Runtime, agent: str) -> str:
    """The command: the checked packages on the volume, or those of the rescue, run the agent on the system disk.

    Why it is the rescue stands in ZAGENT_RESCUE (see ``zagent.rescue``).
    """
    return LAUNCHER.format(
        endpoint=_endpoint(want.modelscope_endpoint),
        rescue=f"{rescue.folder}/bin/python",
        agent=f"{AGENTS}/{agent}",
        patience=PATIENCE,
        patience_told=PATIENCE - SILENCE,
        stamp=f"{RUNTIME_STAMPS}/{runtime.name}",
        unit=UNIT,
        marker=LAYOUT.marker,
        home=LAYOUT.home("$user"),
        services=f"{COMPILE_CACHES}/$user",
        python=f"{runtime.folder}/bin/python",
    )


def _endpoint(address: str) -> str:
    if not address:
        return ""
    return f'[ -n "${{MODELSCOPE_ENDPOINT:-}}" ] || export MODELSCOPE_ENDPOINT={shlex.quote(address)}'
