"""Bytes of each epoch on each host: delivered, read by its ranks, served to it.

/proc/self/io counts what a process asked for (rchar) and what it fetched from
storage (read_bytes); /proc/diskstats and mountstats count what a device or an NFS
mount served to the whole host.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlps.evidence.table import StructArray
from mlps.metrics import Tables
from mlps.traffic import Medium
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
_DATA = b"data"
_BLOCKS_OF_A_FILE = 2
"""Read with a file and not part of it: the rest of its last page, and where it is."""
_FAULT_BYTES = 128 * 2**10
"""A page fault on a mapped file brings in as much, unless its host was tuned."""

Phases = Mapping[int, Sequence[tuple[Window, int]]]
"""By rank: the epochs it closed, and what each delivered."""


def data_mounts(tables: Tables) -> tuple[DataMount, ...]:
    """Where each host has the data, and what there is to count its reads."""
    rows = tables["mounts"]
    rows = rows[rows["role"] == _DATA]
    return tuple(_data_mount(row, tables) for row in rows)


def _data_mount(row: np.void, tables: Tables) -> DataMount:
    source = _text(row["source"])
    disk = source.rsplit("/", 1)[-1]
    disks = tables["disks"]
    own = disks["device"][disks["node"] == row["node"]]
    is_sampled = disk and np.any(own == disk.encode())
    return DataMount(
        node=int(row["node"]),
        fs_type=_text(row["fs_type"]),
        mount_point=_text(row["mount_point"]),
        source=source,
        disk=disk if is_sampled else "",
        counted_by=_text(row["counted_by"]),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """What one rank's epoch adds to that of its host."""

    delivered_bytes: int
    syscall: Span | None
    fetched: Span | None
    beside_bytes: int


def flows(
    tables: Tables, epochs: Phases, nodes: Mapping[int, int]
) -> tuple[ByteFlow, ...]:
    """One record for each host and epoch; `nodes` gives the host of each rank."""
    process, opens = Samples(tables["process"], "rank"), _opens(tables["latency"])
    pages = {int(row["node"]): int(row["page_bytes"]) for row in tables["hosts"]}
    parts: dict[tuple[int, int], list[_Part]] = defaultdict(list)
    windows: dict[tuple[int, int], list[Window]] = defaultdict(list)
    for rank, own in epochs.items():
        rows, node = process.of(rank), nodes[rank]
        for window, delivered in own:
            blocks = _BLOCKS_OF_A_FILE * opens.get((rank, window.phase), 0)
            tails = blocks * pages.get(node, 0)
            parts[node, window.phase].append(_part(rows, window, delivered, tails))
            windows[node, window.phase].append(window)
    served = _Served(tables, data_mounts(tables))
    return tuple(
        ByteFlow(
            node=node,
            phase=phase,
            delivered_bytes=sum(part.delivered_bytes for part in parts[node, phase]),
            syscall=joined([part.syscall for part in parts[node, phase]]),
            fetched=joined([part.fetched for part in parts[node, phase]]),
            storage=served.growth(node, _hull(phase, windows[node, phase])),
            beside_bytes=sum(part.beside_bytes for part in parts[node, phase]),
        )
        for node, phase in sorted(parts)
    )


def _part(rows: StructArray, window: Window, delivered: int, tails: int) -> _Part:
    syscall = growth(rows, ("io_rchar",), window)
    faults = growth(rows, ("major_faults",), window)
    read_beside = max(syscall.most - delivered, 0) if syscall else 0
    faulted = faults.most * _FAULT_BYTES if faults else 0
    return _Part(
        delivered_bytes=delivered,
        syscall=syscall,
        fetched=growth(rows, ("io_read_bytes",), window),
        beside_bytes=read_beside + faulted + tails,
    )


def _opens(latency: StructArray) -> dict[tuple[int, int], int]:
    """Count the files each rank opened in each phase; rows are many, phases few."""
    rows = latency[latency["operation"] == b"open"]
    keys, place = np.unique(rows[["rank", "phase"]], return_inverse=True)
    counts = np.zeros(len(keys), np.int64)
    np.add.at(counts, place, rows["count"])
    return {
        (int(key["rank"]), int(key["phase"])): max(count, 0)
        for key, count in zip(keys, counts.tolist(), strict=True)
    }


class _Served:
    """What the device or NFS mount of the data served to each host."""

    def __init__(self, tables: Tables, mounts: Sequence[DataMount]) -> None:
        self._rows: dict[int, StructArray] = {}
        self._mounts = {mount.node: mount for mount in mounts}
        for node, mount in self._mounts.items():
            if not mount.counter:
                continue
            table = mount.counted_by.partition(" ")[0]
            key = _KEYS[table]
            rows = tables[table]
            named = rows[key] == mount.counter.encode()
            rows = rows[named & (rows["node"] == node)]
            require_growing(rows, "node", (_COUNTERS[table],))
            self._rows[node] = rows[np.argsort(rows["sampled_at_ns"], kind="stable")]

    def growth(self, node: int, window: Window) -> Span | None:
        mount = self._mounts.get(node)
        if mount is None or not mount.counter:
            return None
        if mount.counted_by.startswith(Medium.NFS):
            return growth(self._rows[node], ("server_read_bytes",), window)
        sectors = growth(self._rows[node], ("sectors_read",), window)
        if sectors is None:
            return None
        return Span(
            least=sectors.least * _SECTOR_BYTES, most=sectors.most * _SECTOR_BYTES
        )


_KEYS = {"disks": "device", "nfs": "mount_point"}
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
