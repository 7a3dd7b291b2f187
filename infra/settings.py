"""The stack's configuration, typed; every key is declared in Pulumi.yaml with its type, default and description."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from infra import tags
from infra.errors import BadSetting, NoStack

PROJECT_FILE = "Pulumi.yaml"
NEW_VOLUME_GIB = 100
"""The size of a new data volume: the weights' 32.88 GB, their bf16 copy of 20.5 GB, the runtime, room for images."""

CIDR_EXAMPLE = "--path 'sshCidrs[0]' 203.0.113.7/32"
TAG_EXAMPLE = "--path tags.team images"
"""How a list and a table are set; their JSON as one text is refused by the engine."""


@dataclass(frozen=True)
class Settings:
    """What one stack wants; an empty string or 0 means: not said."""

    project: str
    stack: str
    region: str
    instance_type: str
    ami_id: str
    availability_zone: str
    volume_size_gib: int
    ssh_cidrs: tuple[str, ...]
    ssh_user: str
    ssh_private_key_file: Path
    modelscope_endpoint: str
    python_index_url: str
    pull_on_up: bool
    more_tags: Mapping[str, str]

    @property
    def own_tags(self) -> dict[str, str]:
        """The tags by which the stack's own things are found again."""
        return {tags.PROJECT: self.project, tags.STACK: self.stack}

    @property
    def tags(self) -> dict[str, str]:
        """The tags of everything that is made."""
        return {**self.more_tags, **self.own_tags}


def load(get: Callable[[str], Any], project: str, stack: str, region: str) -> Settings:
    """The settings of a stack; ``get`` gives the value of a key of Pulumi.yaml.

    Raises:
        BadSetting: a value that can't be; it names the key and the stack's file.
    """
    read = Reader(get, f"Pulumi.{stack}.yaml")
    return Settings(
        project=project,
        stack=stack,
        region=region,
        instance_type=read.text("instanceType", r"[a-z0-9-]+\.[a-z0-9-]+", "g6e.xlarge"),
        ami_id=read.text("amiId", r"(ami-[0-9a-f]+)?", "ami-0123456789abcdef0"),
        availability_zone=read.text("availabilityZone", r"([a-z]{2}(-[a-z]+)+-\d[a-z])?", "us-east-1a"),
        volume_size_gib=read.size("volumeSizeGib"),
        ssh_cidrs=read.cidrs("sshCidrs"),
        ssh_user=read.text("sshUser", r"[a-z_][a-z0-9_-]*", "ubuntu"),
        ssh_private_key_file=Path(read.text("sshPrivateKeyFile", r".+", "~/.ssh/id_ed25519")).expanduser(),
        modelscope_endpoint=read.text("modelscopeEndpoint", r"(https?://\S+)?", "https://modelscope.cn"),
        python_index_url=read.text("pythonIndexUrl", r"(https?://\S+)?", "https://example.org/simple"),
        pull_on_up=read.flag("pullOnUp"),
        more_tags=read.tags("tags"),
    )


def from_files(folder: Path, stack: str = "") -> Settings:
    """The settings as the files in ``folder`` have them, without the engine and its state.

    Raises:
        NoStack: no such stack file, or none named where there are several.
        BadSetting: a value that can't be.
    """
    if not (folder / PROJECT_FILE).is_file():
        raise NoStack(why=f"there is no {PROJECT_FILE} in {folder.resolve()}; run it in the project's folder")
    project = _yaml(folder / PROJECT_FILE)
    name = str(project["name"])
    chosen = stack or _only_stack(folder)
    own: dict[str, Any] = _yaml(_stack_file(folder, chosen)).get("config") or {}
    config = {key: declared.get("default") for key, declared in project["config"].items() if ":" not in key}
    config |= {key.removeprefix(f"{name}:"): value for key, value in own.items() if key.startswith(f"{name}:")}
    return load(config.__getitem__, name, chosen, str(own.get("aws:region", "")))


def _only_stack(folder: Path) -> str:
    found = [one.name.removeprefix("Pulumi.").removesuffix(".yaml") for one in sorted(folder.glob("Pulumi.*.yaml"))]
    if len(found) != 1:
        raise NoStack(why=f"the files here are of {', '.join(found)}" if found else "no Pulumi.STACK.yaml is here")
    return found[0]


def _stack_file(folder: Path, stack: str) -> Path:
    path = folder / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        raise NoStack(why=f"there is no {path.name} in {folder.resolve()}")
    return path


def _yaml(path: Path) -> dict[str, Any]:
    return cast(dict[str, Any], yaml.safe_load(path.read_text()) or {})


@dataclass(frozen=True)
class Reader:
    """Reads single values, which the engine hands over as text and a file as what YAML makes of it."""

    get: Callable[[str], Any]
    file: str

    def text(self, key: str, pattern: str, example: str) -> str:
        """A string that matches ``pattern`` as a whole."""
        value = str(self.get(key))
        if not re.fullmatch(pattern, value):
            raise self._bad(key, value, "it does not look like one", example)
        return value

    def size(self, key: str) -> int:
        """A size in GiB: 0, or what EBS can make of gp3 (1 to 65,536, botocore's CreateVolume)."""
        value = str(self.get(key))
        if not value.isdecimal() or int(value) > 65_536:
            raise self._bad(key, value, "it must be a whole number of GiB up to 65536", str(NEW_VOLUME_GIB))
        return int(value)

    def flag(self, key: str) -> bool:
        """True or false."""
        value = str(self.get(key)).lower()
        if value not in ("true", "false"):
            raise self._bad(key, value, "it must be true or false", "true")
        return value == "true"

    def cidrs(self, key: str) -> tuple[str, ...]:
        """Address ranges, at least one and none of them the whole world."""
        value = self._parsed(key, list, CIDR_EXAMPLE)
        if not value:
            raise self._bad(key, value, "nobody could reach the host, nor could `pulumi up`", CIDR_EXAMPLE)
        for one in value:
            try:
                network = ipaddress.ip_network(str(one))
            except ValueError as error:
                raise self._bad(key, one, str(error), CIDR_EXAMPLE) from error
            if network.prefixlen == 0:
                raise self._bad(key, one, "the whole world could try to log in", CIDR_EXAMPLE)
        return tuple(str(one) for one in value)

    def tags(self, key: str) -> dict[str, str]:
        """Tags; those that begin with ``zagent:`` are ours."""
        value = {str(name): str(text) for name, text in self._parsed(key, dict, TAG_EXAMPLE).items()}
        for name in value:
            if name.startswith(("zagent:", "aws:")):
                raise self._bad(key, name, "tags that begin so are not yours to set", TAG_EXAMPLE)
        return value

    def _parsed(self, key: str, wanted: type, example: str) -> Any:
        value = self.get(key)
        try:
            parsed = json.loads(value) if isinstance(value, str) else value
        except ValueError:
            parsed = None
        if not isinstance(parsed, wanted):
            raise self._bad(key, value, "it is not of the form that the example shows", example)
        return parsed

    def _bad(self, key: str, value: object, why: str, example: str) -> BadSetting:
        words = example if example.startswith("--path ") else f"{key} {example}"
        return BadSetting(key=key, file=self.file, value=repr(value), why=why, words=words)
