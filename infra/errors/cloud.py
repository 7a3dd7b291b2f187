"""What can go wrong between the configuration and the cloud. 50-59, 94, 95."""

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
    remedy = (
        "pulumi config set sshPrivateKeyFile FILE   the key that the host was made with; or, for a first host: "
        "ssh-keygen -t ed25519 -f {path}"
    )


class QuotaTooSmall(CloudError):
    """{instance_type} needs {vcpus} vCPUs, but this account may run {limit} of its family at once (quota {quota})"""

    exit_code = 53
    remedy = (
        "aws service-quotas request-service-quota-increase --service-code ec2 --quota-code {quota} "
        "--desired-value {vcpus}   and wait for AWS's answer"
    )


class CloudRefused(CloudError):
    """AWS does not answer as needed: {why}"""

    exit_code = 54
    remedy = "aws sts get-caller-identity   tells who you are to AWS; check AWS_PROFILE, the region and your rights"


class NoWayIn(CloudError):
    """sshCidrs is empty, so the host is reached through AWS's Session Manager, but {tools} can't be found here"""

    exit_code = 55
    remedy = (
        "install the AWS CLI and its Session Manager plug-in, or open SSH to your own address: "
        "pulumi config set --path 'sshCidrs[0]' ADDRESS/32"
    )


class TypeNotOffered(CloudError):
    """{instance_type} is not offered in {where}; it is in {zones}"""

    exit_code = 56
    remedy = "{hint}"


class NoHost(CloudError):
    """Not exactly one running host carries the tags of {project}/{stack}: {there}"""

    exit_code = 57
    remedy = "pulumi up --refresh --stack {stack}   makes or starts one; `zagent cloud status` says more"


class NoStack(CloudError):
    """There is no stack to work on: {why}"""

    exit_code = 58
    remedy = "{hint}"


class NoImage(CloudError):
    """AWS has no Ubuntu image with the NVIDIA driver and PyTorch in {region}: no parameter {parameter}"""

    exit_code = 59
    remedy = "pulumi config set amiId ami-…   an Ubuntu image with the NVIDIA driver and Python 3.10 to 3.13"


class StackUnreadable(CloudError):
    """{file} can't be read: {why}"""

    exit_code = 95
    remedy = "mend it, or `git checkout {file}`"


class NoCapacity(CloudError):
    """AWS can't start {instance} now, and nothing is lost: {why}"""

    exit_code = 94
    remedy = (
        "pulumi up   again later, or after `pulumi config set instanceType TYPE`; to move to another zone: "
        "`pulumi destroy`, then `zagent cloud snapshot restore --zone ZONE`"
    )
