"""Disks: encrypted, of a type that is fast and paid for as it is sized, and known by their tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra import tags
from infra.policy.instances import INSTANCES
from infra.policy.resources import UNKNOWN, Resource, is_one_of, section, sections

VOLUME = "aws:ebs/volume:Volume"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
TYPES = ("gp3", "io2")
ENCRYPTED = (True, "true")
"""A launch template says it in words."""


@dataclass(frozen=True)
class Disk:
    """A disk that a resource makes; ``place`` is where its inputs stand, ``type_key`` what its type is called there."""

    place: str
    values: Mapping[str, Any]
    type_key: str = "volumeType"


def encrypted(resource: Resource) -> Iterator[str]:
    """Every disk is encrypted, and says so: what it is without a word depends on the account and the image."""
    for disk in _disks(resource):
        if not is_one_of(disk.values.get("encrypted"), ENCRYPTED):
            hint = _if_volume(
                resource, "; one adopted stays as it is, but a new one from its snapshot can be encrypted"
            )
            yield f"{resource}: {disk.place} is not encrypted. Set its `encrypted` to true{hint}."


def of_a_good_type(resource: Resource) -> Iterator[str]:
    """Every disk is gp3 or io2, and says so: without a word it is gp2, or what the image says."""
    for disk in _disks(resource):
        kind = disk.values.get(disk.type_key)
        if not is_one_of(kind, TYPES):
            said = f"is {kind}" if kind else "has no type"
            hint = _if_volume(
                resource, "; `aws ec2 modify-volume --volume-type gp3 --volume-id VOL_ID` for one adopted"
            )
            yield f"{resource}: {disk.place} {said}. Set its `{disk.type_key}` to gp3 or io2{hint}."


def tagged(resource: Resource) -> Iterator[str]:
    """A data volume says whose it is: after `pulumi destroy` nothing else does."""
    if resource.type != VOLUME:
        return
    found, inherited = section(resource.get("tags")), section(resource.get("tagsAll"))
    if found is UNKNOWN or inherited is UNKNOWN:
        return
    for tag in (tags.PROJECT, tags.STACK):
        if not found.get(tag) and not inherited.get(tag):
            yield f"{resource}: the tag {tag} is missing, by which the volume is found again. Add it to its `tags`."


def _if_volume(resource: Resource, hint: str) -> str:
    """What is of help only for a volume, which may be older than the stack."""
    return hint if resource.type == VOLUME else ""


def _disks(resource: Resource) -> Iterator[Disk]:
    """All disks that a resource makes, as far as they are known."""
    if resource.type == VOLUME:
        yield Disk("the volume", resource.properties, "type")
    elif resource.type in INSTANCES:
        root = section(resource.get("rootBlockDevice"))
        if root is not UNKNOWN:
            yield Disk("the root disk (rootBlockDevice)", root)
        for one in sections(resource.get("ebsBlockDevices")):
            yield Disk(f"the disk {one.get('deviceName')} (ebsBlockDevices)", one)
    elif resource.type == TEMPLATE:
        for one in sections(resource.get("blockDeviceMappings")):
            ebs = section(one.get("ebs"))
            if ebs is not UNKNOWN and ebs:
                yield Disk(f"the disk {one.get('deviceName')} (blockDeviceMappings)", ebs)
