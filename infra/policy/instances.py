"""Instances: whoever talks a program on the host into fetching a URL must not get its role's keys."""

from __future__ import annotations

from collections.abc import Iterator

from infra.policy.resources import UNKNOWN, Resource, is_one_of, section

INSTANCES = ("aws:ec2/instance:Instance", "aws:ec2/spotInstanceRequest:SpotInstanceRequest")


def metadata_needs_a_session(resource: Resource) -> Iterator[str]:
    """The metadata service answers only IMDSv2 and only the host itself."""
    if resource.type not in INSTANCES:
        return
    options = section(resource.get("metadataOptions"))
    if options is UNKNOWN:
        return
    if not is_one_of(options.get("httpTokens"), ("required",)):
        yield (
            f"{resource}: its metadata service answers without a session token (IMDSv1). "
            'Set `metadataOptions.httpTokens` to "required".'
        )
    if not is_one_of(options.get("httpPutResponseHopLimit"), (1,)):
        yield (
            f"{resource}: its metadata service may answer beyond the host, for an image may ask for more than one hop. "
            "Set `metadataOptions.httpPutResponseHopLimit` to 1."
        )


def volumes_stand_apart(resource: Resource) -> Iterator[str]:
    """An instance says nothing of data volumes: it would fight over them with the resources that they are."""
    if resource.type not in INSTANCES:
        return
    if resource.has("ebsBlockDevices"):
        yield (
            f"{resource}: `ebsBlockDevices` would be destroyed with the instance, and clash with separate volumes. "
            "Declare an aws.ebs.Volume and an aws.ec2.VolumeAttachment."
        )
    if resource.has("volumeTags"):
        yield (
            f"{resource}: `volumeTags` would overwrite the tags of attached volumes. "
            "Tag each volume itself, and the root disk with `rootBlockDevice.tags`."
        )
