"""Looking at a path as a run would use it, with one file of 4 MiB, removed after."""

import ctypes
import mmap
import os
import random
import secrets
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from mlps.doctor.facts import Lost, SmallReads, Spot
from mlps.doctor.mount import Mount, mounts_of

READ_BYTES = 4096

_READS = 1000
_READS_S = 2.0
_PROBE_BYTES = 2**22
_MOUNTINFO = Path("/proc/self/mountinfo")


def look_at(path: Path, timeout_s: float) -> Spot | Lost:
    """Look at a path; a file system that does not answer is not waited for."""
    found: list[Spot | Lost] = []

    def look() -> None:
        try:
            found.append(_spot(path))
        except OSError as problem:
            where = problem.filename or path
            found.append(Lost(path=path, reason=f"{where}: {problem.strerror}"))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(timeout_s)
    if found:
        return found[0]
    return Lost(path=path, reason=f"no answer within {timeout_s:.0f} s")


def _spot(path: Path) -> Spot:
    there = Path(os.path.realpath(path))
    while not there.is_dir() and there != there.parent:
        there = there.parent
    with ExitStack() as closing:
        folder = os.open(f"{there}/.", os.O_PATH)
        closing.callback(os.close, folder)
        mount = _mount_of(folder)
        space = os.fstatvfs(folder)
        device = os.fstat(folder).st_dev
    probe = _Probe(there / f".mlps-doctor-{secrets.token_hex(8)}")
    probe.go()
    return Spot(
        path=path,
        there=there,
        fs_type=mount.fs_type if mount else "unknown",
        mount_point=mount.mount_point if mount else "",
        source=mount.source if mount else "",
        device=device,
        free_bytes=space.f_bavail * space.f_frsize,
        write_errno=probe.write_errno,
        direct_errno=probe.direct_errno,
        pages=probe.pages,
        pages_after_flush=probe.pages_after_flush,
        reads=probe.reads,
    )


def _mount_of(folder: int) -> Mount | None:
    """Ask the kernel for the mount of an open file."""
    info = Path(f"/proc/self/fdinfo/{folder}").read_text().split()
    number = int(info[info.index("mnt_id:") + 1])
    mounts = mounts_of(_MOUNTINFO.read_bytes())
    return next((mount for mount in mounts if mount.mount_id == number), None)


class _Probe:
    """A file that is written, dropped from the cache, and read in small pieces."""

    def __init__(self, path: Path) -> None:
        """Nothing is touched before `go`."""
        self._path = path
        self.write_errno = 0
        self.direct_errno = -1
        self.pages = 0
        self.pages_after_flush = 0
        self.reads: SmallReads | None = None

    def go(self) -> None:
        """Write, flush, read; the file is removed whatever happens."""
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
            with ExitStack() as closing:
                file = os.open(self._path, flags, 0o600)
                closing.callback(os.close, file)
                closing.callback(self._path.unlink, missing_ok=True)
                for _ in range(_PROBE_BYTES // READ_BYTES):
                    os.write(file, os.urandom(READ_BYTES))
                os.fsync(file)
                self._flush(file)
                self._read(file, closing)
        except OSError as problem:
            self.write_errno = problem.errno or -1

    def _flush(self, file: int) -> None:
        self.pages = _PROBE_BYTES // mmap.PAGESIZE
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        self.pages_after_flush = _resident(file)

    def _read(self, file: int, closing: ExitStack) -> None:
        self.direct_errno, reader = 0, file
        buffer = closing.enter_context(mmap.mmap(-1, READ_BYTES))
        try:
            direct = os.open(self._path, os.O_RDONLY | os.O_DIRECT)
            closing.callback(os.close, direct)
            os.preadv(direct, [buffer], 0)
            reader = direct
        except OSError as problem:
            self.direct_errno = problem.errno or -1
        # Places are drawn without repetition, so that a cache can't help.
        places = random.sample(range(_PROBE_BYTES // READ_BYTES), _READS)
        latencies, end_ns = [], time.monotonic_ns() + int(_READS_S * 1e9)
        for place in places:
            start_ns = time.monotonic_ns()
            if start_ns > end_ns:
                break
            os.preadv(reader, [buffer], place * READ_BYTES)
            latencies.append(time.monotonic_ns() - start_ns)
        self.reads = SmallReads(
            direct=self.direct_errno == 0, latencies_ns=tuple(latencies)
        )


def _resident(file: int) -> int:
    """Count the pages in memory; mapping a file does not bring it there."""
    pages = _PROBE_BYTES // mmap.PAGESIZE
    vector = (ctypes.c_ubyte * pages)()
    libc = ctypes.CDLL(None, use_errno=True)
    with mmap.mmap(file, _PROBE_BYTES) as area:
        view = (ctypes.c_char * _PROBE_BYTES).from_buffer(area)
        address = ctypes.c_void_p(ctypes.addressof(view))
        failed = libc.mincore(address, ctypes.c_size_t(_PROBE_BYTES), vector)
        del view  # an exported buffer keeps the mapping from being closed
    if failed:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return sum(page & 1 for page in vector)
