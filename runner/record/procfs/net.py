"""One host's network interfaces: /proc/net/dev (of the process's namespace)."""

import numpy as np

from mlps.evidence import BY_NAME, StructArray
from mlps.evidence.kernel_tables import NET_FIELDS
from runner.record.procfs.field import name, numbers

NET_DEV = "/proc/net/dev"

_DTYPE = BY_NAME["net"].dtype
_NAME_BYTES = 64
_HEADING_LINES = 2


def net_rows(node: int, at_ns: int, net_dev: bytes) -> StructArray:
    """Give a row per interface. RDMA traffic is not counted here by the kernel."""
    heading, *lines = net_dev.split(b"\n", _HEADING_LINES)
    if not heading.startswith(b"Inter-|") or len(lines) != _HEADING_LINES:
        raise ValueError(f"{NET_DEV}: no heading in {net_dev[:40]!r}")
    interfaces = lines[-1].split(b"\n")
    rows = [_row(node, at_ns, line) for line in interfaces if line.strip()]
    return np.array(rows, dtype=_DTYPE)


def _row(node: int, at_ns: int, line: bytes) -> tuple[int | bytes, ...]:
    # The first number may touch the colon, and an alias has a colon in its name.
    interface, _, values = line.rpartition(b":")
    words = values.split()
    if len(words) != len(NET_FIELDS):
        raise ValueError(f"{NET_DEV}: not 16 counters in {line[:80]!r}")
    counts = numbers(words, len(NET_FIELDS), NET_DEV)
    return (node, at_ns, name(interface.strip(), _NAME_BYTES, NET_DEV), *counts)
