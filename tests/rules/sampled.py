"""Rows of what the runner samples on ranks and hosts, consistent with the phases.

A healthy run: flushed and cold, on a local disk or over NFS, with samples at the
edges of every epoch and every two intervals inside.
"""

import numpy as np

from mlps.evidence import BY_NAME
from mlps.evidence.table import StructArray
from mlps.plan import Plan

DEVICE = b"nvme0n1"
_EVERY_NS = 2_000_000_000
_SECTOR_BYTES = 512
_CACHE_BYTES = 2**31
_SHOWN_ONLY = ("vmstat", "net", "pressure")


def tables(
    plan: Plan, phases: StructArray, memory_bytes: int, fs_type: str
) -> dict[str, StructArray]:
    """Rows of the tables about ranks and hosts, for the phases of a run."""
    each = plan.system.accelerators_per_host
    nodes = range(plan.system.hosts)
    ranks = sorted(set(phases["rank"].tolist()))
    epochs = phases[phases["epoch"] > 0]
    processes = [_process(rank, epochs[epochs["rank"] == rank]) for rank in ranks]
    of_node = [epochs[epochs["rank"] // each == node] for node in nodes]
    cpu = np.concatenate([_looks("cpu", n, own) for n, own in enumerate(of_node)])
    memory = np.concatenate([_looks("memory", n, own) for n, own in enumerate(of_node)])
    memory["memtotal_bytes"] = memory_bytes
    served = "nfs" if fs_type == "nfs" else "disks"
    storage = [_served(served, n, own) for n, own in enumerate(of_node)]
    return {
        "mounts": np.concatenate([_mounts(node, fs_type) for node in nodes]),
        "process": np.concatenate(processes),
        "cpu": cpu,
        "memory": memory,
        **{name: _looks(name, 0, of_node[0]) for name in _SHOWN_ONLY},
        served: np.concatenate(storage),
        "flushes": np.concatenate([_flushes(node, phases, each) for node in nodes]),
        "direct_io": _direct_io(epochs, plan.workload.reader.odirect),
    }


def _empty(table: str, count: int) -> StructArray:
    return np.zeros(count, dtype=BY_NAME[table].dtype)


def _counting(table: str, count: int) -> StructArray:
    """Rows in which everything that is counted grows from look to look."""
    own = _empty(table, count)
    for column in BY_NAME[table].columns:
        if column.dtype == "u8":
            own[column.name] = 1000 + np.arange(count)
    return own


def _mounts(node: int, fs_type: str) -> StructArray:
    own = _empty("mounts", 2)
    own["node"], own["role"], own["fs_type"] = node, [b"results", b"data"], b"ext4"
    own["path"], own["mount_point"] = [b"/results", b"/mnt/data"], [b"/", b"/mnt"]
    own["source"], own["device"] = [b"/dev/vda", b"/dev/" + DEVICE], b"259:0"
    own["counted_by"] = [b"disks vda", b"disks " + DEVICE]
    if fs_type == "nfs":
        own["fs_type"][1], own["source"][1] = b"nfs", b"server:/export"
        own["counted_by"][1] = b"nfs /mnt"
    return own


def _times(start_ns: int, end_ns: int) -> list[int]:
    return [start_ns - 1, *range(start_ns, end_ns, _EVERY_NS), end_ns + 1]


def _process(rank: int, epochs: StructArray) -> StructArray:
    """Two samples before all phases, then those of each epoch; all bytes at once."""
    at, read = [0, 1_000_000_000], [0, 0]
    for row in epochs:
        times = _times(int(row["start_ns"]), int(row["end_ns"]))
        at += times
        read += [read[-1]] * (len(times) - 1)
        read.append(read[-1] + int(row["delivered_bytes"]))
    own = _counting("process", len(at))
    own["rank"], own["sampled_at_ns"] = rank, at
    own["io_rchar"] = own["io_read_bytes"] = read
    own["sampler_cpu_ns"] = np.array(at) // 500
    own["peak_rss_bytes"], own["major_faults"] = 2**28, 3
    return own


def _looks(table: str, node: int, epochs: StructArray) -> StructArray:
    own_rank = epochs[epochs["rank"] == epochs["rank"].min()] if len(epochs) else epochs
    at = [t for r in own_rank for t in _times(int(r["start_ns"]), int(r["end_ns"]))]
    own = _counting(table, len(at))
    own["node"], own["sampled_at_ns"] = node, at
    return own


def _served(table: str, node: int, epochs: StructArray) -> StructArray:
    at, sectors = [], []
    for phase in sorted(set(epochs["phase"].tolist())):
        own = epochs[epochs["phase"] == phase]
        at += [int(own["start_ns"].min()) - 1, int(own["end_ns"].max()) + 1]
        served = -(-int(own["delivered_bytes"].sum()) // _SECTOR_BYTES)
        before = sectors[-1] if sectors else 0
        sectors += [before, before + served]
    rows = _counting(table, len(at))
    rows["node"], rows["sampled_at_ns"] = node, at
    if table == "nfs":
        rows["mount_point"] = b"/mnt"
        rows["server_read_bytes"] = np.array(sectors, dtype=np.uint64) * _SECTOR_BYTES
    else:
        rows["device"], rows["sectors_read"] = DEVICE, sectors
    return rows


def _flushes(node: int, phases: StructArray, each: int) -> StructArray:
    done = phases[(phases["rank"] == node * each) & (phases["epoch"] == 0)]
    done = done[np.char.startswith(done["name"], b"flush")]
    rows = _empty("flushes", len(done))
    rows["node"], rows["phase"] = node, done["phase"]
    rows["method"], rows["outcome"] = b"drop_caches", b"flushed"
    rows["start_ns"], rows["end_ns"] = done["start_ns"], done["end_ns"]
    rows["cached_before_bytes"], rows["cached_after_bytes"] = _CACHE_BYTES, 2**28
    rows["drops_before"] = 3 + np.arange(len(done))
    rows["drops_after"] = rows["drops_before"] + 1
    rows["sampled_pages"], rows["resident_before_pages"] = 10_000, 8_000
    return rows


def _direct_io(epochs: StructArray, is_direct: bool) -> StructArray:
    rows = _empty("direct_io", len(epochs))
    rows["rank"], rows["phase"] = epochs["rank"], epochs["phase"]
    rows["sampled_opens"], rows["direct_opens"] = 1, int(is_direct)
    return rows
