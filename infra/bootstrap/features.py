"""The features of the data volume's filesystem. A volume outlives hosts: any kernel from 5.15 on must mount it. Pure.

They are those of mkfs.xfs in the days of Linux 5.15 (xfsprogs, mkfs/lts_5.15.conf), but the host's own profile of that
name will not do: in xfsprogs 6.1.0 (Debian 12) it has nrext64 in a wrong section, and mkfs.xfs refuses the whole file.
"""

from __future__ import annotations

from itertools import groupby

Version = tuple[int, int]

OLDEST: Version = (5, 10)
"""The xfsprogs that reads a profile and knows bigtime and inobtcount first."""

OPTIONS: tuple[tuple[str, str, Version], ...] = (
    ("inode", "exchange=0", (6, 13)),
    ("inode", "nrext64=0", (6, 0)),
    ("inode", "sparse=1", OLDEST),
    ("metadata", "bigtime=1", OLDEST),  # dates to 2486, else to 2038
    ("metadata", "crc=1", OLDEST),
    ("metadata", "finobt=1", OLDEST),
    ("metadata", "inobtcount=1", OLDEST),
    ("metadata", "metadir=0", (6, 13)),
    ("metadata", "reflink=1", OLDEST),
    ("metadata", "rmapbt=0", OLDEST),
    ("naming", "parent=0", (6, 13)),
)
"""Section, option, and an xfsprogs that surely knows it; an unknown one is an error there. Those that later versions
turn on by themselves (nrext64 from 6.5, exchange and parent from 6.18) would keep older kernels out."""


def profile(mkfs: Version) -> str:
    """The text that mkfs.xfs of this version reads with ``-c options=``."""
    known = [one for one in OPTIONS if one[2] <= mkfs]
    sections = groupby(known, key=lambda one: one[0])
    return "\n".join(f"[{name}]\n" + "".join(f"{one[1]}\n" for one in options) for name, options in sections)
