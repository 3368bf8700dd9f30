"""Bytes of each epoch on each host: delivered, read by its ranks, served to it.

/proc/self/io counts what a process asked for (rchar) and what it fetched from
storage (read_bytes); /proc/diskstats and mountstats count what a device or an NFS
mount served to the whole host.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from mlps.evidence.table import StructArray
from mlps.metrics import Tables
from rules.evidence_record import ByteFlow, DataMount, Span
from rules.sources.evidence_samples import (
    Samples,
    Window,
    growth,
    joined,
    require_growing,
)

_SECTOR_BYTES = 512
"""Of /proc/diskstats, whatever the device's own sectors are."""
_NFS = frozenset({"nfs", "nfs4"})
_DATA = b"data"

Phases = Mapping[int, Sequence[tuple[Window, int]]]
"""By rank: the epochs it closed, and what each delivered."""


def data_mounts(tables: Tables) -> tuple[DataMount, ...]:
    """Where each host has the data, and what there is to count its reads."""
    rows = tables["mounts"]
    rows = rows[rows["role"] == _DATA]
    return tuple(_data_mount(row, tables) for row in rows)


def _data_mount(row: np.void, tables: Tables) -> DataMount:
    fs_type, source, counter = _text(row["fs_type"]), _text(row["source"]), ""
    if fs_type in _NFS:
        counter = _text(row["mount_point"])
    else:
        device = source.rsplit("/", 1)[-1]
        disks = tables["disks"]
        own = disks["device"][disks["node"] == row["node"]]
        if device and np.any(own == device.encode()):
            counter = device
    return DataMount(
        node=int(row["node"]),
        fs_type=fs_type,
        mount_point=_text(row["mount_point"]),
        export=source if ":" in source else "",
        options=_text(row["options"]),
        counter=counter,
    )


def flows(
    tables: Tables, epochs: Phases, nodes: Mapping[int, int]
) -> tuple[ByteFlow, ...]:
    """One record for each host and epoch; `nodes` gives the host of each rank."""
    process = Samples(tables["process"], "rank")
    parts: dict[tuple[int, int], list[tuple[int, Span | None, Span | None]]]
    parts, windows = defaultdict(list), defaultdict(list)
    for rank, own in epochs.items():
        rows = process.of(rank)
        for window, delivered in own:
            key = (nodes[rank], window.phase)
            syscall = growth(rows, ("io_rchar",), window)
            fetched = growth(rows, ("io_read_bytes",), window)
            parts[key].append((delivered, syscall, fetched))
            windows[key].append(window)
    served = _Served(tables, data_mounts(tables))
    return tuple(
        ByteFlow(
            node=node,
            phase=phase,
            delivered_bytes=sum(delivered for delivered, _, _ in parts[node, phase]),
            syscall=joined([syscall for _, syscall, _ in parts[node, phase]]),
            fetched=joined([fetched for _, _, fetched in parts[node, phase]]),
            storage=served.growth(node, _hull(phase, windows[node, phase])),
        )
        for node, phase in sorted(parts)
    )


class _Served:
    """What the device or NFS mount of the data served to each host."""

    def __init__(self, tables: Tables, mounts: Sequence[DataMount]) -> None:
        self._rows: dict[int, StructArray] = {}
        self._mounts = {mount.node: mount for mount in mounts}
        for node, mount in self._mounts.items():
            table, key = ("nfs", "mount_point") if mount.fs_type in _NFS else _DISKS
            rows = tables[table]
            named = rows[key] == mount.counter.encode()
            rows = rows[named & (rows["node"] == node)]
            require_growing(rows, "node", (_COUNTERS[table],))
            self._rows[node] = rows[np.argsort(rows["sampled_at_ns"], kind="stable")]

    def growth(self, node: int, window: Window) -> Span | None:
        mount = self._mounts.get(node)
        if mount is None or not mount.counter:
            return None
        if mount.fs_type in _NFS:
            return growth(self._rows[node], ("server_read_bytes",), window)
        sectors = growth(self._rows[node], ("sectors_read",), window)
        if sectors is None:
            return None
        return Span(
            least=sectors.least * _SECTOR_BYTES, most=sectors.most * _SECTOR_BYTES
        )


_DISKS = ("disks", "device")
_COUNTERS = {"disks": "sectors_read", "nfs": "server_read_bytes"}


def _hull(phase: int, windows: Sequence[Window]) -> Window:
    """From the first start to the last end: ranks of a host share its clock."""
    return Window(
        phase=phase,
        start_ns=min(window.start_ns for window in windows),
        end_ns=max(window.end_ns for window in windows),
    )


def _text(value: bytes) -> str:
    return bytes(value).decode(errors="replace")
