"""Emptying one host's page cache before a phase, with proof.

Proof is residency: mincore on sampled files, before and after. It sees the page cache
only; what a file system caches for itself (ZFS, GPFS) it can't see.
"""

import ctypes
import errno
import mmap
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from mlps.errors import NotReadyError
from mlps.evidence import ABSENT, BY_NAME, StructArray
from runner.record.procfs.fdinfo import FDINFO, open_flags_of
from runner.record.procfs.field import keyed
from runner.record.procfs.memory import MEMINFO, VMSTAT, memory_rows, vmstat_rows

_DROP_CACHES = Path("/proc/sys/vm/drop_caches")
_PAGES_DENTRIES_INODES = b"3\n"
_THREADS = 16
_MOST_RANGES = 16
_RANGE_BYTES = 16 * 2**20
_CAP_FOWNER = 3
_PERCENT = 100


class Method(StrEnum):
    """How the cache is emptied."""

    DROP_CACHES = "drop_caches"
    FADVISE = "fadvise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Residency:
    """Pages looked at, and how many of them were in memory."""

    sampled_pages: int
    resident_pages: int

    @property
    def is_flushed(self) -> bool:
        """Say whether less than 1 % of the pages is resident; never without pages."""
        return self.resident_pages * _PERCENT < self.sampled_pages


def flush(  # noqa: PLR0913 - what, where it is recorded, and how
    files: Iterable[Path],
    sample: Sequence[Path],
    *,
    node: int,
    phase: int,
    method: Method | None = None,
    clock: Callable[[], int] = time.monotonic_ns,
    threads: int = _THREADS,
) -> StructArray:
    """Empty the cache and give the row of `flushes` with its proof; takes long.

    Without a method: drop_caches where this user may, else fadvise of every file
    (which can't drop what another process has mapped). Pages are written back
    first, because only clean pages can be dropped.
    """
    for path in sample:
        _require_observable(path)
    before = residency(sample)
    cached_before, drops_before = _host_cache()
    start_ns = clock()
    used = _empty(files, method, threads)
    end_ns = clock()
    cached_after, drops_after = _host_cache()
    found = residency(sample)
    row = (
        node,
        phase,
        used.encode(),
        b"flushed" if found.is_flushed else b"failed",
        start_ns,
        end_ns,
        cached_before,
        cached_after,
        drops_before,
        drops_after,
        found.sampled_pages,
        before.resident_pages,
        found.resident_pages,
    )
    return np.array([row], dtype=BY_NAME["flushes"].dtype)


def residency(sample: Iterable[Path]) -> Residency:
    """Count the resident pages of files: all, or 256 MiB spread over a large one."""
    counts = [_resident(path) for path in sample]
    return Residency(
        sampled_pages=sum(pages for pages, _ in counts),
        resident_pages=sum(resident for _, resident in counts),
    )


def open_flags(fd: int) -> int:
    """Give the flags an open file really has, from the kernel."""
    return open_flags_of(Path(f"{FDINFO}/{fd}").read_bytes())


def is_direct(fd: int) -> bool:
    """Say whether an open file really is O_DIRECT."""
    return bool(open_flags(fd) & os.O_DIRECT)


def spread(size_bytes: int) -> list[tuple[int, int]]:
    """Give `(offset, length)` ranges of a file: whole, or evenly spread over it."""
    if size_bytes <= _MOST_RANGES * _RANGE_BYTES:
        return [(0, size_bytes)] if size_bytes else []
    step = (size_bytes - _RANGE_BYTES) / (_MOST_RANGES - 1)
    granule = mmap.ALLOCATIONGRANULARITY
    starts = (int(n * step) // granule * granule for n in range(_MOST_RANGES))
    return [(start, _RANGE_BYTES) for start in starts]


def _empty(files: Iterable[Path], method: Method | None, threads: int) -> Method:
    if method is not Method.FADVISE:
        os.sync()
        try:
            _DROP_CACHES.write_bytes(_PAGES_DENTRIES_INODES)
        except OSError as error:
            refused = error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
            if method is not None or not refused:
                raise NotReadyError(
                    f"{_DROP_CACHES}: {error.strerror}; run as root,"
                    " or let the plan flush with fadvise"
                ) from error
        else:
            return Method.DROP_CACHES
    _forget_all(files, threads)
    return Method.FADVISE


def _forget_all(files: Iterable[Path], threads: int) -> None:
    # The threads share one iterator: a future per file would hold millions.
    shared, lock = iter(files), threading.Lock()
    with ThreadPoolExecutor(threads, thread_name_prefix="flush") as pool:
        workers = [pool.submit(_forget_some, shared, lock) for _ in range(threads)]
    for worker in workers:
        worker.result()


def _forget_some(shared: Iterator[Path], lock: threading.Lock) -> None:
    while True:
        with lock:
            path = next(shared, None)
        if path is None:
            return
        _forget(path)


def _forget(path: Path) -> None:
    try:
        with ExitStack() as closing:
            fd = os.open(path, os.O_RDONLY)
            closing.callback(os.close, fd)
            os.fdatasync(fd)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    except OSError as error:
        raise NotReadyError(
            f"{path}: its cache can't be flushed: {error.strerror};"
            " every dataset file must be readable on every host"
        ) from error


def _resident(path: Path) -> tuple[int, int]:
    try:
        with ExitStack() as closing:
            fd = os.open(path, os.O_RDONLY)
            closing.callback(os.close, fd)
            ranges = spread(os.fstat(fd).st_size)
            vectors = [_mincore(fd, start, length) for start, length in ranges]
    except OSError as error:
        raise NotReadyError(
            f"{path}: can't see what of it is in memory: {error.strerror};"
            " the flush needs a file system that can map files"
        ) from error
    # Only the lowest bit of a byte is defined by mincore(2).
    resident = sum(int((vector & 1).sum()) for vector in vectors)
    return sum(len(vector) for vector in vectors), resident


def _mincore(
    fd: int, offset: int, length: int
) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """Ask for each page of a range; mapping it does not bring it into memory."""
    vector = np.zeros(-(-length // mmap.PAGESIZE), dtype=np.uint8)
    with mmap.mmap(fd, length, mmap.MAP_SHARED, mmap.PROT_READ, offset=offset) as area:
        view = np.frombuffer(area, dtype=np.uint8)
        libc = ctypes.CDLL(None, use_errno=True)
        failed = libc.mincore(
            ctypes.c_void_p(view.ctypes.data),
            ctypes.c_size_t(length),
            ctypes.c_void_p(vector.ctypes.data),
        )
        del view  # an exported buffer keeps the mapping from being closed
    if failed:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return vector


def _require_observable(path: Path) -> None:
    """Refuse a file whose residency the kernel hides: it would call all resident.

    Since Linux 5.2 mincore tells the truth only to the file's owner, to those who
    may write it, and to CAP_FOWNER.
    """
    try:
        is_owner = path.stat().st_uid == os.geteuid()
    except OSError as error:
        raise NotReadyError(
            f"{path}: can't be looked at: {error.strerror};"
            " the files sampled for the flush must be there on every host"
        ) from error
    if not (is_owner or os.access(path, os.W_OK, effective_ids=True) or _is_fowner()):
        raise NotReadyError(
            f"{path}: the kernel hides from this user what of it is in memory, so no"
            " flush can be proven; run as the dataset's owner, or make it writable"
        )


def _is_fowner() -> bool:
    status = Path("/proc/self/status").read_bytes()
    effective = keyed(status, b":", (b"CapEff",), "/proc/self/status")[b"CapEff"]
    return bool(int(effective, 16) >> _CAP_FOWNER & 1)


def _host_cache() -> tuple[int, int]:
    """Give page cache bytes and the count of drops; -1 where the kernel has none."""
    memory = memory_rows(0, 0, Path(MEMINFO).read_bytes())
    vmstat = vmstat_rows(0, 0, Path(VMSTAT).read_bytes())
    values = (int(memory["cached_bytes"][0]), int(vmstat["drop_pagecache"][0]))
    cached, drops = (-1 if value == ABSENT else value for value in values)
    return cached, drops
