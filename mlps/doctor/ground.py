"""Judging the paths of a run: space, O_DIRECT, flushing, small reads."""

import os
from collections.abc import Sequence

from mlps.doctor.facts import Lost, SmallReads, Spot
from mlps.doctor.row import Row, error, ok, warn
from mlps.units import format_bytes

_IN_MEMORY = ("tmpfs", "ramfs")


def check_paths(data: Spot | Lost, results: Spot | Lost) -> list[Row]:
    """Judge both paths, and whether they are kept apart."""
    rows = [*_path("data", data)]
    if isinstance(data, Spot) and not data.write_errno:
        rows += _data(data)
    if results is not data:
        rows += _path("results", results)
    if isinstance(data, Spot) and isinstance(results, Spot):
        rows.append(_apart(data, results))
    return rows


def _path(role: str, spot: Spot | Lost) -> list[Row]:
    if isinstance(spot, Lost):
        fix = f"mount it, or choose another --{role}"
        return [error(role, f"{spot.path}: {spot.reason}", fix)]
    where = str(spot.path)
    if spot.there != spot.path:
        where += f" (not there yet; looked at {spot.there})"
    what = f"{where}: {spot.fs_type} on {spot.mount_point or 'an unknown mount'}"
    if spot.write_errno:
        why = os.strerror(spot.write_errno)
        fix = f"make it writable for this user, or choose another --{role}"
        return [error(role, f"{what}; can't write there: {why}", fix)]
    return [ok(role, f"{what}, {format_bytes(spot.free_bytes)} free")]


def _data(data: Spot) -> list[Row]:
    rows = []
    if data.fs_type in _IN_MEMORY:
        what = f"{data.fs_type} is memory, not storage"
        rows.append(warn("data", what, "choose --data on a file system with disks"))
    elif data.pages_after_flush * 100 >= data.pages:
        what = f"{data.pages_after_flush} of {data.pages} pages stay after a flush"
        fix = "cold reads need drop_caches (root), or another file system"
        rows.append(warn("flush", what, fix))
    if data.direct_errno:
        what = f"not here: {os.strerror(data.direct_errno)}"
        fix = "compile with workload.reader.odirect=false, or choose another --data"
        rows.append(warn("O_DIRECT", what, fix))
    else:
        rows.append(ok("O_DIRECT", "works"))
    if data.reads is not None and data.reads.latencies_ns:
        rows.append(_reads(data.reads))
    return rows


def _reads(reads: SmallReads) -> Row:
    ordered = sorted(reads.latencies_ns)
    p50_us, p99_us = percentile(ordered, 50) / 1000, percentile(ordered, 99) / 1000
    how = "O_DIRECT" if reads.direct else "through the page cache, just flushed"
    what = f"{len(ordered)} of 4 KiB, {how}: p50 {p50_us:.0f} us, p99 {p99_us:.0f} us"
    return ok("small reads", what)


def percentile(ordered: Sequence[int], percent: int) -> int:
    """Give the least value that so many per cent do not exceed."""
    return ordered[-(-len(ordered) * percent // 100) - 1]


def _apart(data: Spot, results: Spot) -> Row:
    if data.device != results.device:
        return ok("file systems", "data and results are on two")
    return warn(
        "file systems",
        "data and results are on one: a claim must keep them apart (rule 3.4.2)",
        "choose --results on another file system",
    )
