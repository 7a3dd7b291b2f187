"""The command ``zagent`` on a host. Pure."""

from __future__ import annotations

import shlex

from infra.bootstrap.want import AGENTS, ROOT, RUNTIMES, Want


def launcher(want: Want, runtime: str, agent: str) -> str:
    """The command ``zagent``: the runtime on the volume runs the agent on the system disk."""
    python = f"{RUNTIMES}/{runtime}/bin/python"
    endpoint = shlex.quote(want.modelscope_endpoint)
    lines = [
        "#!/bin/sh",
        "# zagent's; `zagent cloud converge` puts it right again.",
        f"if [ ! -x {python} ]; then",
        f'    echo "error: the data volume is not mounted at {ROOT}, and the runtime is on it" >&2',
        f'    echo "try:   sudo mount {ROOT}   or attach the volume first" >&2',
        "    exit 10",
        "fi",
        f'export MODELSCOPE_ENDPOINT="${{MODELSCOPE_ENDPOINT:-{endpoint}}}"' if want.modelscope_endpoint else "",
        f'exec {python} {AGENTS}/{agent} "$@"',
        "",
    ]
    return "\n".join(line for line in lines if line) + "\n"
