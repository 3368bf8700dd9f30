"""One host's processors together: /proc/stat and /proc/loadavg."""

import numpy as np

from mlps.evidence import BY_NAME, StructArray
from mlps.evidence.kernel_tables import STAT_CPU_FIELDS
from runner.record.procfs.field import keyed, known, number, numbers

STAT = "/proc/stat"
LOADAVG = "/proc/loadavg"

_DTYPE = BY_NAME["cpu"].dtype
_KEYS = (b"ctxt", b"procs_running", b"procs_blocked")
_WANTED = (b"cpu", *_KEYS)
_OLDEST_FIELDS = 4


def cpu_rows(node: int, at_ns: int, stat: bytes, loadavg: bytes) -> StructArray:
    """Give the row: the line of all CPUs and the counters of the host."""
    found = keyed(stat, b" ", _WANTED, STAT)
    words = found.get(b"cpu", b"").split()
    if len(words) < _OLDEST_FIELDS:
        raise ValueError(f"{STAT}: no line of all CPUs in {stat[:40]!r}")
    row = (
        node,
        at_ns,
        *numbers(words, len(STAT_CPU_FIELDS), STAT),
        *(known(found, key, STAT) for key in _KEYS),
        _load_hundredths(loadavg),
    )
    return np.array([row], dtype=_DTYPE)


def _load_hundredths(raw: bytes) -> int:
    whole, _, hundredths = raw.partition(b" ")[0].partition(b".")
    if len(hundredths) != 2:
        raise ValueError(f"{LOADAVG}: no load with two decimals in {raw[:40]!r}")
    return number(whole + hundredths, LOADAVG)
