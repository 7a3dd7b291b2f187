"""What can go wrong between the operator and a host: is it there, is it ours to touch, can it run the agent? 60-69."""

from __future__ import annotations

from zagent.errors import ZagentError


class HostError(ZagentError):
    """The host cannot be as wanted."""

    exit_code = 60


class HostUnreachable(HostError):
    """{address} can't be worked on over SSH: {why}"""

    exit_code = 61
    remedy = (
        "see that the host runs, that its security group lets this address in, and that the key is right; "
        "then run the same command again"
    )


class HostKeyUnknown(HostError):
    """Nothing here tells which host key {address} should show"""

    exit_code = 62
    remedy = "{line}   once, compare the fingerprint and accept it; or give the key with --host-key"


class HostKeyDiffers(HostError):
    """{address} shows another host key than it should ({found}): another machine answers there"""

    exit_code = 63
    remedy = "do not connect before you know why; {hint}"


class CommandFailed(HostError):
    """{address} could not {what}: {why}"""

    exit_code = 64
    remedy = (
        "log in (a stack's host: `zagent cloud ssh`) and look at `journalctl -b -p err`; "
        "then run the same command again, it goes on"
    )


class DiskMissing(HostError):
    """No disk of {address} has the serial number {serial}; it has {disks}"""

    exit_code = 65
    remedy = "attach the data volume (`pulumi up --refresh`, or aws ec2 attach-volume) and run the same command again"


class FormatRefused(HostError):
    """{disk} was not formatted and never will be as it is: {why}"""

    exit_code = 66
    remedy = "{hint}"


class MountRefused(HostError):
    """{disk} was not mounted at /data: {why}"""

    exit_code = 67
    remedy = "{hint}"


class HostUnsuitable(HostError):
    """{address} can't run zagent: {why}"""

    exit_code = 68
    remedy = "{hint}"


class PackagesUnavailable(HostError):
    """The agent's dependencies can't be made ready for {platform}: {why}"""

    exit_code = 69
    remedy = "check the network and pythonIndexUrl; then run the same command again"
