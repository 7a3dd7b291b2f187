"""What can go wrong between the operator and a host's root shell, before anything is done to the host. 90-93."""

from __future__ import annotations

from infra.errors.host import HostError


class LoginKeyUnusable(HostError):
    """{key} can't be used to log in to {address}: {why}"""

    exit_code = 90
    remedy = "{hint}"


class HostKeyUnreadable(HostError):
    """The host key given for {address} is none that can be compared with: {why}"""

    exit_code = 91
    remedy = "give it as a .pub file has it: 'ssh-ed25519 AAAA…'; ssh-keyscan {address}   shows what answers there"


class RootRefused(HostError):
    """{user} may not become root on {address} without being asked: {why}"""

    exit_code = 92
    remedy = (
        "on the host, as root: echo '{user} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/zagent, "
        "and no `requiretty` for {user}; or log in as root"
    )


class ConvergeUnderWay(HostError):
    """Somebody else brings {address} to what it should be at this moment: {holder}"""

    exit_code = 93
    remedy = "wait until that has ended; then run the same command again"
