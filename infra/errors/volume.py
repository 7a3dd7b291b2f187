"""Which volume is the stack's, and can it be what is wanted? 70-79."""

from __future__ import annotations

from zagent.errors import ZagentError


class AdoptionError(ZagentError):
    """The data volume cannot be as wanted."""

    exit_code = 70


class ManyVolumes(AdoptionError):
    """More than one data volume carries the tags of {project}/{stack}: {volumes}"""

    exit_code = 71
    remedy = "pulumi config set volumeId VOL_ID   of the one that is meant"


class WrongZone(AdoptionError):
    """The data volume {volume} lives in {zone}, but availabilityZone says {wanted}; a volume cannot leave its zone"""

    exit_code = 72
    remedy = (
        "pulumi config rm availabilityZone   to stay with the volume; or `pulumi destroy`, then "
        "`zagent cloud snapshot restore --zone {wanted}`   to go on there with a copy"
    )


class NotYours(AdoptionError):
    """The data volume {volume} carries this stack's tags, but {whose}; you are {you}"""

    exit_code = 73
    remedy = "pulumi config set volumeId {volume}   if it is the one you mean"


class OtherStack(AdoptionError):
    """The volume {volume} belongs to {stack}"""

    exit_code = 74
    remedy = "pulumi config rm volumeId   or name another; a volume is never taken from a stack"


class VolumeInUse(AdoptionError):
    """The data volume {volume} is attached to {instance}, which is no host of this stack"""

    exit_code = 75
    remedy = "aws ec2 detach-volume --volume-id {volume}   once nothing on {instance} uses it"


class HostLeftBehind(AdoptionError):
    """The data volume {volume} is attached to {instance}, a host of this stack that Pulumi's state knows nothing of"""

    exit_code = 76
    remedy = (
        "aws ec2 terminate-instances --instance-ids {instance}   if the state was lost: "
        "the volume stays, and the next `pulumi up` adopts it"
    )


class VolumeGone(AdoptionError):
    """{where} names the data volume {volume}, but {why}"""

    exit_code = 77
    remedy = "{hint}"


class VolumeAlive(AdoptionError):
    """restore is {restore}, but the data volume {volume} is alive; a stack has one"""

    exit_code = 78
    remedy = "pulumi config set restore auto"


class VolumeRefused(AdoptionError):
    """The data volume can't have {wanted}: {why}"""

    exit_code = 79
    remedy = "pulumi config set volume{key} {number}"
