"""One place for every path and variable: flag > environment > .env > /etc/zagent/agent.env > default.

``.env`` stands in the working folder. Only our own names are taken from it, and none at all when it belongs to
another user or when root runs: whoever can write there must not decide where root writes.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from zagent.errors import UsageError
from zagent.user import user_name
from zagent.volume.layout import Layout

AGENT_ENV = Path("/etc/zagent/agent.env")
"""Written by the bootstrap; systemd units and containers read it themselves."""

SERVICE_USER = "zagent"
"""Who owns the weights and runs the services."""

DATA_ROOT = "ZAGENT_DATA_ROOT"
MODELSCOPE_CACHE = "MODELSCOPE_CACHE"
HF_HOME = "HF_HOME"

OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
"""The switches under which transformers and diffusers never ask a hub."""


@dataclass(frozen=True)
class Setting:
    """One variable, its value and where the value came from."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True)
class Settings:
    """Every path zagent works with; all are absolute, none need exist."""

    data_root: Path
    modelscope_cache: Path
    hf_home: Path
    user: str
    origins: tuple[Setting, ...]

    @property
    def layout(self) -> Layout:
        """Where things lie on the data root."""
        return Layout(self.data_root)

    def origin(self, name: str) -> str:
        """Where the value of the variable ``name`` came from."""
        return next(one.origin for one in self.origins if one.name == name)


@dataclass(frozen=True)
class Source:
    """One layer of values; the names in ``leaves_out`` are not for people (see ``load``)."""

    origin: str
    values: Mapping[str, str]
    leaves_out: frozenset[str] = frozenset()

    def get(self, name: str) -> str | None:
        """The value of ``name`` here; empty counts as not set."""
        return None if name in self.leaves_out else self.values.get(name) or None


def load(
    data_root: Path | None = None,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
    agent_env: Path = AGENT_ENV,
) -> Settings:
    """Resolve every variable; ``data_root`` is the flag, ``folder`` the working folder.

    HF_HOME in agent.env is the services' own, read by systemd: a person's default is a folder of theirs on the
    volume, so that one user's downloads never meet another's. That holds, too, where /etc/environment hands the
    services' value to everyone: only the service user keeps it.

    Raises:
        UsageError: a path is not absolute, or a file of variables can't be read.
    """
    environ = os.environ if environ is None else environ
    dotenv = (folder or Path()) / ".env"  # relative, so that a deleted working folder is no error
    flags = {DATA_ROOT: str(data_root.absolute())} if data_root else {}
    agent, user = variables(agent_env), user_name()
    sources = [Source("flag", flags), _persons("environment", environ, agent, user)]
    if trusted(dotenv, os.geteuid()):
        sources.append(_persons(str(dotenv.absolute()), variables(dotenv), agent, user))
    return _resolve([*sources, Source(str(agent_env), agent, frozenset({HF_HOME}))], user)


def _persons(origin: str, values: Mapping[str, str], agent: Mapping[str, str], user: str) -> Source:
    """A source that leaves HF_HOME out where it is what agent.env says and ``user`` is a person."""
    here, theirs = values.get(HF_HOME), agent.get(HF_HOME)
    is_theirs = bool(here and theirs and Path(here) == Path(theirs))
    return Source(origin, values, frozenset({HF_HOME} if is_theirs and user != SERVICE_USER else ()))


def of_services(agent_env: Path = AGENT_ENV) -> Settings:
    """The data root and the cache that services have, whatever this process's own variables say.

    Raises:
        UsageError: as ``load``.
    """
    return load(environ={}, folder=Path("/nowhere"), agent_env=agent_env)


def trusted(dotenv: Path, uid: int) -> bool:
    """Whether the user ``uid`` may be led by this ``.env``: never root, never by another user's file or link."""
    try:
        return uid != 0 and dotenv.is_file() and {dotenv.stat().st_uid, dotenv.lstat().st_uid} == {uid}
    except OSError:  # in a working folder that this user can't even look into
        return False


def variables(path: Path) -> dict[str, str]:
    """The variables of a file of NAME=VALUE lines, none where there is no such file.

    Raises:
        UsageError: it can't be read; it is never passed over.
    """
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(detail=f"{path} can't be read: {error}") from error
    from dotenv import dotenv_values

    found = dotenv_values(stream=io.StringIO(content), interpolate=False)
    return {name: value for name, value in found.items() if value is not None}


def _resolve(sources: list[Source], user: str) -> Settings:
    def pick(name: str, default: Callable[[], Path]) -> Setting:
        for source in sources:
            value = source.get(name)
            if value is not None:
                return Setting(name, _absolute(name, value, source.origin), source.origin)
        return Setting(name, str(default()), "default")

    root = pick(DATA_ROOT, lambda: Path("/data"))
    layout = Layout(Path(root.value))
    cache = pick(MODELSCOPE_CACHE, lambda: layout.modelscope_cache)
    home = pick(HF_HOME, lambda: layout.huggingface(user))
    return Settings(Path(root.value), Path(cache.value), Path(home.value), user, (root, cache, home))


def _absolute(name: str, value: str, origin: str) -> str:
    if not Path(value).is_absolute():
        raise UsageError(detail=f"{name}={value} ({origin}) must be an absolute path")
    return value.rstrip("/") or "/"
