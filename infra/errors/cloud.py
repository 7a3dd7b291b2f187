"""What can go wrong between the configuration and the cloud."""

from __future__ import annotations

from zagent.errors import ZagentError


class CloudError(ZagentError):
    """The cloud cannot be as wanted."""

    exit_code = 50


class BadSetting(CloudError):
    """{key} in {file} is {value}: {why}"""

    exit_code = 51
    remedy = "pulumi config set {words}"


class KeyFileMissing(CloudError):
    """{path}, named by sshPrivateKeyFile, is no private key that can be read: {why}"""

    exit_code = 52
    remedy = "ssh-keygen -t ed25519 -f {path}, or pulumi config set sshPrivateKeyFile FILE"


class ManyVolumes(CloudError):
    """More than one data volume carries the tags of {project}/{stack}: {volumes}"""

    exit_code = 53
    remedy = "aws ec2 delete-tags --tags Key=zagent:stack --resources VOL_ID, of the one that is not this stack's"


class CloudRefused(CloudError):
    """AWS does not answer as needed: {why}"""

    exit_code = 54
    remedy = "aws sts get-caller-identity   tells who you are to AWS; check AWS_PROFILE, the region and your rights"


class WrongZone(CloudError):
    """The data volume {volume} lives in {zone}, but availabilityZone says {wanted}; a volume cannot leave its zone"""

    exit_code = 55
    remedy = "pulumi config rm availabilityZone"


class TypeNotOffered(CloudError):
    """{instance_type} is not offered in {where}"""

    exit_code = 56
    remedy = "pulumi config set instanceType TYPE, one that `aws ec2 describe-instance-type-offerings` lists there"


class NoHost(CloudError):
    """No running host carries the tags of {project}/{stack}"""

    exit_code = 57
    remedy = "pulumi up --stack {stack}"


class NoStack(CloudError):
    """Which stack is meant is not clear: {why}"""

    exit_code = 58
    remedy = "name it, as in `zagent cloud converge dev`; `pulumi stack ls` lists them"
