"""A thousand small reads on the data path: what the way to the storage takes."""

import errno
import mmap
import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from mlps.units import format_bytes
from runner.rehearsal.row import Row, ok, warn

_CHECK = "small reads"
_BLOCK_BYTES = 4096
_BLOCKS = 1024
_READS = 1000
_LIMIT_S = 3.0
_SLOW_TIMES = 4
_SLOW_US = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """How long the reads of one host took, and how they were kept off the cache."""

    way: str
    reads: int
    p50_us: float
    p99_us: float
    max_us: float


def write_file(path: Path) -> None:
    """Write the file that is read: random, down to the storage."""
    with path.open("wb") as file:
        file.write(os.urandom(_BLOCKS * _BLOCK_BYTES))
        file.flush()
        os.fsync(file.fileno())


def time_reads(path: Path) -> Latencies:
    """Read blocks in random order, past the page cache if possible; 3 s at most."""
    with ExitStack() as closing:
        fd, way = _open(path)
        closing.callback(os.close, fd)
        buffer = mmap.mmap(-1, _BLOCK_BYTES)
        taken_us: list[float] = []
        began_ns = time.perf_counter_ns()
        for block in random.Random(0).sample(range(_BLOCKS), _READS):
            start_ns = time.perf_counter_ns()
            os.preadv(fd, [buffer], block * _BLOCK_BYTES)
            end_ns = time.perf_counter_ns()
            taken_us.append((end_ns - start_ns) / 1000)
            if end_ns - began_ns > _LIMIT_S * 1e9:
                break
    return summarize(way, taken_us)


def summarize(way: str, taken_us: Sequence[float]) -> Latencies:
    """Give nearest-rank percentiles."""
    ordered = sorted(taken_us)
    count = len(ordered)
    return Latencies(
        way=way,
        reads=count,
        p50_us=ordered[-(-count // 2) - 1],
        p99_us=ordered[-(-count * 99 // 100) - 1],
        max_us=ordered[-1],
    )


def judge_reads(found: Sequence[Latencies]) -> Iterator[Row]:
    """Judge each host: one that is much slower than the fastest is told."""
    least_us = min(one.p50_us for one in found)
    for one in found:
        says = (
            f"{one.reads} x {format_bytes(_BLOCK_BYTES)} {one.way}: p50/p99/max"
            f" {one.p50_us:.0f}/{one.p99_us:.0f}/{one.max_us:.0f} us"
        )
        if one.p50_us > max(_SLOW_TIMES * least_us, _SLOW_US):
            yield warn(
                _CHECK,
                f"{says}; the fastest host has a p50 of {least_us:.0f} us",
                "look at the network and the mount of this host",
            )
        else:
            yield ok(_CHECK, says)


def _open(path: Path) -> tuple[int, str]:
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECT), "with O_DIRECT"
    except OSError as failure:
        if failure.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
    fd = os.open(path, os.O_RDONLY)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    return fd, "after fadvise, no O_DIRECT here"
