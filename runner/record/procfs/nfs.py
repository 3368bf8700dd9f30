"""One host's NFS mounts: the `bytes:` lines of /proc/self/mountstats."""

import numpy as np

from mlps.evidence import BY_NAME, StructArray
from mlps.evidence.kernel_tables import NFS_FIELDS
from runner.record.procfs.field import name, numbers, unescaped

MOUNTSTATS = "/proc/self/mountstats"

_DTYPE = BY_NAME["nfs"].dtype
_NAME_BYTES = 1024
_TYPES = (b"nfs", b"nfs4")


def nfs_rows(node: int, at_ns: int, mountstats: bytes) -> StructArray:
    """Give a row per NFS mount.

    Mounts of the same export share their counters: each shows the sum of all.
    """
    rows: list[tuple[int | bytes, ...]] = []
    mount_point: bytes | None = None
    for line in mountstats.split(b"\n"):
        if line.startswith((b"device ", b"no device ")):
            mount_point = _nfs_mount_point(line)
        elif mount_point is not None and line.startswith(b"\tbytes:"):
            counts = numbers(line.split()[1:], len(NFS_FIELDS), MOUNTSTATS)
            rows.append((node, at_ns, mount_point, *counts))
    return np.array(rows, dtype=_DTYPE)


def _nfs_mount_point(line: bytes) -> bytes | None:
    # `device SERVER:/EXPORT mounted on POINT with fstype TYPE [statvers=1.1]`
    before, _, after = line.rpartition(b" with fstype ")
    if after.partition(b" ")[0] not in _TYPES:
        return None
    escaped = before.rpartition(b" mounted on ")[2]
    return name(unescaped(escaped), _NAME_BYTES, MOUNTSTATS)
