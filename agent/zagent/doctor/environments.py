"""Does everyone on this machine mean the same paths: services, people's shells, and this process?

The bootstrap writes three files from one text. /etc/environment is everyone's, over SSH without a login shell, too;
/etc/profile.d/zagent.sh gives login shells a HF_HOME of their own. Where there is no agent.env nothing is compared.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from zagent.doctor.check import Finding, ok, warning
from zagent.errors import UsageError
from zagent.settings import AGENT_ENV, DATA_ROOT, HF_HOME, MODELSCOPE_CACHE, Settings, variables
from zagent.volume.layout import Layout

ENVIRONMENT = Path("/etc/environment")
PROFILE = Path("/etc/profile.d/zagent.sh")

NAMES = (DATA_ROOT, MODELSCOPE_CACHE, HF_HOME)
CONVERGE = "zagent cloud converge   on the operator's machine writes them again; then log in anew"

_SOURCE = '. "$1" >/dev/null && exec env -0'
"""What a login shell does with the file, and the variables it then has."""


def agree(settings: Settings) -> Finding:
    """Compare every file, and this process's paths, with agent.env; HF_HOME of a process is its user's own choice."""
    if not AGENT_ENV.exists():
        return ok(f"there is no {AGENT_ENV} to agree with")
    agent = {name: value for name, value in variables(AGENT_ENV).items() if name in NAMES}
    files = [*_environment(agent), *_profile(agent, settings.user)]
    here = {DATA_ROOT: str(settings.data_root), MODELSCOPE_CACHE: str(settings.modelscope_cache)}
    process = list(differences(here, {name: agent[name] for name in here if name in agent}))
    lines = [*files, *(f"this process: {one}" for one in process)]
    if lines:
        remedy = CONVERGE if files else 'eval "$(zagent env)"   after unsetting it, or give no --data-root'
        return warning(f"unlike {AGENT_ENV}: {'; '.join(lines)}", remedy)
    return ok(f"{ENVIRONMENT}, {PROFILE} and this process agree with {AGENT_ENV}")


def differences(found: Mapping[str, str], wanted: Mapping[str, str]) -> Iterator[str]:
    """A line for each variable of ``wanted`` that is missing in ``found`` or is another path there. Pure."""
    for name, value in wanted.items():
        if not found.get(name):
            yield f"{name} is not set"
        elif os.path.normpath(found[name]) != os.path.normpath(value):
            yield f"{name} is {found[name]}, not {value}"


def _environment(agent: Mapping[str, str]) -> Iterator[str]:
    try:
        found = variables(ENVIRONMENT)
    except UsageError as error:
        yield error.message
    else:
        yield from (f"{ENVIRONMENT}: {one}" for one in differences(found, agent))


def _profile(agent: Mapping[str, str], user: str) -> Iterator[str]:
    """Started with what agent.env says, a login shell must end with that; who has a folder on the volume (not the
    service user, nor root as a rule) with a HF_HOME of their own.
    """
    if not PROFILE.exists():
        yield f"{PROFILE} is missing"
        return
    layout = Layout(Path(agent.get(DATA_ROOT, "/data")))
    own = {HF_HOME: str(layout.huggingface(user))} if layout.home(user).is_dir() else {}
    try:
        found = _sourced(PROFILE, {**agent, "USER": user, "LOGNAME": user})
    except (OSError, subprocess.SubprocessError) as error:
        yield f"{PROFILE} can't be run: {error}"
    else:
        yield from (f"{PROFILE}: {one}" for one in differences(found, {**agent, **own}))


def _sourced(path: Path, environ: Mapping[str, str]) -> dict[str, str]:
    login = {"PATH": os.defpath, "HOME": os.environ.get("HOME", "/"), **environ}
    command = ["/bin/sh", "-c", _SOURCE, "sh", str(path)]
    done = subprocess.run(command, env=login, capture_output=True, text=True, check=True, timeout=4)
    return dict(one.split("=", 1) for one in done.stdout.split("\0") if "=" in one)
