"""One host's memory: /proc/meminfo, kB as bytes, and /proc/vmstat."""

import numpy as np

from mlps.evidence import ABSENT, BY_NAME, StructArray
from mlps.evidence.kernel_tables import MEMINFO_FIELDS, VMSTAT_FIELDS
from runner.record.procfs.field import keyed, kibibytes, known

MEMINFO = "/proc/meminfo"
VMSTAT = "/proc/vmstat"

_MEMORY_DTYPE = BY_NAME["memory"].dtype
_VMSTAT_DTYPE = BY_NAME["vmstat"].dtype
_MEMINFO_KEYS = tuple(field.encode() for field in MEMINFO_FIELDS)
_VMSTAT_KEYS = tuple(field.encode() for field in VMSTAT_FIELDS)


def memory_rows(node: int, at_ns: int, meminfo: bytes) -> StructArray:
    """Give the row of amounts of memory."""
    found = keyed(meminfo, b":", _MEMINFO_KEYS, MEMINFO)
    if b"MemTotal" not in found:
        raise ValueError(f"{MEMINFO}: no MemTotal in {meminfo[:40]!r}")
    amounts = (
        kibibytes(found[key], MEMINFO) if key in found else ABSENT
        for key in _MEMINFO_KEYS
    )
    return np.array([(node, at_ns, *amounts)], dtype=_MEMORY_DTYPE)


def vmstat_rows(node: int, at_ns: int, vmstat: bytes) -> StructArray:
    """Give the row of virtual memory counters, in the units of the kernel."""
    found = keyed(vmstat, b" ", _VMSTAT_KEYS, VMSTAT)
    counts = (known(found, key, VMSTAT) for key in _VMSTAT_KEYS)
    return np.array([(node, at_ns, *counts)], dtype=_VMSTAT_DTYPE)
