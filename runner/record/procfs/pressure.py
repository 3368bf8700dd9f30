"""One host's stalls: /proc/pressure/{cpu,io,memory}."""

import numpy as np

from mlps.evidence import ABSENT, BY_NAME, StructArray
from runner.record.procfs.field import keyed, number

PRESSURE = "/proc/pressure"
RESOURCES = ("cpu", "io", "memory")

_DTYPE = BY_NAME["pressure"].dtype
_KEYS = (b"some", b"full")


def pressure_rows(node: int, at_ns: int, *files: bytes | None) -> StructArray:
    """Give a row per file in the order of RESOURCES; none for a file not there."""
    rows = [
        (node, at_ns, resource.encode(), *_totals(raw, f"{PRESSURE}/{resource}"))
        for resource, raw in zip(RESOURCES, files, strict=True)
        if raw is not None
    ]
    return np.array(rows, dtype=_DTYPE)


def _totals(raw: bytes, where: str) -> tuple[int, ...]:
    found = keyed(raw, b" ", _KEYS, where)
    return tuple(_total(found[k], where) if k in found else ABSENT for k in _KEYS)


def _total(value: bytes, where: str) -> int:
    _, key, total = value.partition(b"total=")
    if not key:
        raise ValueError(f"{where}: no total in {value[:60]!r}")
    return number(total, where)
