"""``zagent cloud``: a plug-in of the zagent command, where zagent-infra is installed.

The commands are in the order of the help. They ask AWS with the settings of the stack's files: no engine, no state.
"""

from __future__ import annotations

from infra.cli import converge as _converge
from infra.cli import reset as _reset
from infra.cli import restore as _restore
from infra.cli import snapshot as _snapshot
from infra.cli import snapshot_now as _snapshot_now
from infra.cli import ssh as _ssh
from infra.cli import status as _status
from infra.cli import volume as _volume
from infra.cli.app import cloud

__all__ = ["cloud"]

_COMMANDS = (_converge, _reset, _status, _ssh, _snapshot, _snapshot_now, _restore, _volume)
"""Imported for what they add to the group."""
