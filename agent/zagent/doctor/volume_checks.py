"""Is the data root there, proved, safe and roomy?"""

from __future__ import annotations

import os
from pathlib import Path

from zagent import text
from zagent.doctor import environments
from zagent.doctor.check import Check, Finding, ok, warning
from zagent.settings import DATA_ROOT, HF_HOME, MODELSCOPE_CACHE, Settings
from zagent.volume import guard, marker, mounts, space
from zagent.weights.store import Store

LOW = 5 * 10**9
"""Bytes free under which a warning is due: some hundred images, no second model."""

IMAGE_CACHE = Path("/root/workspace/model_cache")
"""Where GPU images ship their weights: on the system disk."""


def _data_root(settings: Settings) -> Finding:
    found = guard.identify(settings.data_root)
    return ok(f"{settings.data_root} ({settings.origin(DATA_ROOT)}), data id {found.data_id}")


def _risk(settings: Settings) -> Finding:
    found = guard.identify(settings.data_root)
    mount = mounts.of(settings.data_root)
    if found.kind == "system-disk":
        why = "the data root is on the system disk: a reset takes it away, only a backup elsewhere protects it"
        return warning(why, "copy the data root to another machine or disk; better, adopt a data disk")
    if mount and mount.fs_type in mounts.MEMORY:
        return warning(f"the data root is a {mount.fs_type}: it is gone after a boot", "adopt a data disk")
    return ok(_kind(found))


def _kind(found: marker.Marker) -> str:
    lineage = f", has lived on {', '.join(found.lineage)}" if found.lineage else ""
    return f"{found.kind}, {found.fs_type} {found.fs_uuid or 'without a uuid'}{lineage}"


def _writes(settings: Settings) -> Finding:
    folder = settings.layout.outputs(settings.user)
    guard.guard(settings.data_root, folder)
    return ok(f"{folder} takes writes as {settings.user}")


def _space(settings: Settings) -> Finding:
    guard.identify(settings.data_root)
    found = space.of(settings.data_root)
    line = f"{text.size(found.free)} of {text.size(found.size)} free"
    return ok(line) if found.free >= LOW else warning(line, "zagent volume show   tells who uses what")


def _variables(settings: Settings) -> Finding:
    Store(settings).require_on_data_root()
    return ok(f"MODELSCOPE_CACHE={settings.modelscope_cache}, HF_HOME={settings.hf_home}")


def _stray_caches(settings: Settings) -> Finding:
    named = [os.environ.get(name, "") for name in (MODELSCOPE_CACHE, HF_HOME)]
    home = Path.home() / ".cache"
    places = [home / "modelscope", home / "huggingface" / "hub", IMAGE_CACHE, *map(Path, filter(None, named))]
    stray = [one for one in dict.fromkeys(places) if one.is_dir() and not _inside(one, settings.data_root)]
    found = [(one, size) for one in stray if (size := space.used(one)) > 10**8]
    if not found:
        return ok("no weights in a cache off the data root")
    lines = [f"{one} holds {text.size(size)}" for one, size in found]
    remedy = f"zagent weights adopt {found[0][0]}   brings them onto the data root; then delete that folder"
    return warning("off the data root: " + ", ".join(lines), remedy)


def _inside(path: Path, root: Path) -> bool:
    return root.resolve() in (path.resolve(), *path.resolve().parents)


CHECKS = [
    Check("data root", _data_root),
    Check("disk", _risk),
    Check("writes", _writes),
    Check("free space", _space),
    Check("variables", _variables),
    Check("environments", environments.agree),
    Check("stray caches", _stray_caches),
]
