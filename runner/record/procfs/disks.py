"""One host's block devices: /proc/diskstats."""

import numpy as np

from mlps.evidence import BY_NAME, StructArray
from mlps.evidence.kernel_tables import DISK_FIELDS
from mlps.traffic import BlockDevice
from runner.record.procfs.field import name, numbers

DISKSTATS = "/proc/diskstats"

_DTYPE = BY_NAME["disks"].dtype
_NAME_BYTES = 64
_FIXED_FIELDS = 3
_COLUMNS = (14, 18, 20)
"""To Linux 4.17; since 4.18 with discards; since 5.5 with flushes (or more)."""


def disk_rows(node: int, at_ns: int, diskstats: bytes) -> StructArray:
    """Give a row per whole device and per partition, as the kernel lists them.

    A device whose counters are all zero gives none: it had no I/O ever (ram*,
    loop*, empty slots). An array and its members, or a disk and its partitions,
    each count the same I/O: never add all rows up.
    """
    lines = (line.split() for line in diskstats.split(b"\n"))
    rows = [_row(node, at_ns, words) for words in lines if words]
    return np.array([row for row in rows if row is not None], dtype=_DTYPE)


def block_devices(diskstats: bytes) -> dict[str, BlockDevice]:
    """Give whole devices and partitions by `major:minor`."""
    devices = {}
    for words in (line.split() for line in diskstats.split(b"\n") if line.strip()):
        if len(words) <= _FIXED_FIELDS:
            raise ValueError(f"{DISKSTATS}: no device: {b' '.join(words)[:80]!r}")
        major, minor, device = (word.decode(errors="replace") for word in words[:3])
        devices[f"{major}:{minor}"] = BlockDevice(
            name=device, is_counting=any(word != b"0" for word in words[_FIXED_FIELDS:])
        )
    return devices


def _row(node: int, at_ns: int, words: list[bytes]) -> tuple[int | bytes, ...] | None:
    if len(words) < _COLUMNS[-1] and len(words) not in _COLUMNS:
        raise ValueError(
            f"{DISKSTATS}: a line of {len(words)} columns, known are 14, 18, 20"
        )
    device = name(words[2], _NAME_BYTES, DISKSTATS)
    counts = numbers(words[3:], len(DISK_FIELDS), DISKSTATS)
    if not any(counts[: len(words) - 3]):
        return None
    return (node, at_ns, device, *counts)
