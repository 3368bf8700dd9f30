"""Reader threads: files in, counted bytes out, memory that does not grow.

Each thread reads whole files with preadv into its own page-aligned buffer, which
it reuses; it may run ahead of the consumer by the plan's prefetch depth only.
What is delivered: every byte of the file read, its framing checked.
"""

import itertools
import mmap
import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mlps.errors import RunFailedError
from runner.workload.pagecache import is_direct
from runner.workload.waiting import Interval

_LOOK_AT_EVERY = 16
EDGE_BYTES = 4096


class Source(Protocol):
    """The dataset as readers see it; threads share it."""

    def path_of(self, file_index: int) -> Path:
        """Path of a file."""

    def size_of(self, file_index: int) -> int:
        """Size of a file, as the manifest says."""


class FrameCheck(Protocol):
    """Checks a file's framing from its first and last bytes."""

    def __call__(
        self, path: Path, head: memoryview, tail: memoryview, size_bytes: int
    ) -> None:
        """Raise FrameError naming file and offset when the framing is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSettings:
    """The plan's reader values that a thread needs."""

    threads: int
    transfer_bytes: int
    odirect: bool
    samples_per_file: int


@dataclass(frozen=True, slots=True)
class Activity:
    """When calls, and files as a whole, were begun and done; main thread drains it."""

    opens: list[Interval]
    reads: list[Interval]
    samples: list[Interval]


@dataclass(slots=True)
class Hand:
    """What a thread is at: when it began its file and its call, 0 for none."""

    file_ns: int = 0
    call_ns: int = 0


class ReaderPool:
    """Threads that read one epoch's files of one rank."""

    def __init__(
        self,
        settings: ReadSettings,
        source: Source,
        files: Sequence[int],
        check: FrameCheck,
    ) -> None:
        """Prepare; nothing is read before `start`."""
        self._settings = settings
        self._source = source
        self._files = files
        self._check = check
        self._next = itertools.count()
        self._slots = threading.Semaphore(0)
        self._arrived = threading.Condition()
        self._delivered: deque[tuple[int, int]] = deque()
        self._allowed_samples = self._allowed_files = 0
        self._taken_samples = self._taken_files = 0
        self._stop = False
        self._activity = Activity([], [], [])
        self._hands: list[Hand] = []
        self.thread_ids: list[int] = []
        self._opened = itertools.count()
        self._opens = [0, 0]
        self.calls = 0
        self._at: dict[int, str] = {}
        self._last = ""
        self._threads = ThreadPoolExecutor(settings.threads)
        self._work_done: list[futures.Future[None]] = []

    def start(self) -> None:
        """Start the threads; they read only as far as `allow` lets them."""
        threads = range(self._settings.threads)
        self._work_done = [self._threads.submit(self._work) for _ in threads]
        self._threads.shutdown(wait=False)

    def allow(self, samples: int) -> None:
        """Let the threads read `samples` more samples, rounded up to files."""
        self._allowed_samples += samples
        files = -(-self._allowed_samples // self._settings.samples_per_file)
        if files > self._allowed_files:
            self._slots.release(files - self._allowed_files)
            self._allowed_files = files

    def wait(self, samples: int, timeout_s: float) -> bool:
        """Wait until `samples` are there; raises what a reader thread raised."""
        with self._arrived:
            if self._arrived.wait_for(lambda: self._has(samples), timeout_s):
                return True
        for work in self._work_done:
            if work.done():
                work.result()
        return False

    def take(self, samples: int) -> tuple[int, int]:
        """Consume samples; return bytes of the files they opened, and since when."""
        self._taken_samples += samples
        files = -(-self._taken_samples // self._settings.samples_per_file)
        opened, self._taken_files = files - self._taken_files, files
        size_bytes = ready_ns = 0
        for _ in range(opened):
            file_bytes, done_ns = self._delivered.popleft()
            size_bytes += file_bytes
            ready_ns = max(ready_ns, done_ns)
        return size_bytes, ready_ns

    def in_progress(self) -> tuple[list[int], list[int]]:
        """When the calls and the files that are in hand now were begun."""
        calls = [hand.call_ns for hand in self._hands]
        files = [hand.file_ns for hand in self._hands]
        return [ns for ns in calls if ns], [ns for ns in files if ns]

    def drain(self) -> Activity:
        """Return what was completed since the last call; nothing is lost."""
        return Activity(
            _cut(self._activity.opens),
            _cut(self._activity.reads),
            _cut(self._activity.samples),
        )

    @property
    def last_object(self) -> str:
        """The file that a thread has been at for longest, else the last one read."""
        return next(iter(list(self._at.values())), self._last)

    @property
    def direct_opens(self) -> tuple[int, int]:
        """Descriptors looked at, and of those with O_DIRECT on."""
        return self._opens[0], self._opens[1]

    def stop(self, timeout_s: float | None = None) -> None:
        """Stop the threads after the read they are in."""
        self._stop = True
        self._slots.release(self._settings.threads)
        futures.wait(self._work_done, timeout_s)

    def _has(self, samples: int) -> bool:
        files = self._taken_files + len(self._delivered)
        wanted = self._taken_samples + samples
        return files * self._settings.samples_per_file >= wanted

    def _work(self) -> None:
        buffer = memoryview(mmap.mmap(-1, self._settings.transfer_bytes))
        hand = Hand()
        self._hands.append(hand)
        self.thread_ids.append(threading.get_native_id())
        while True:
            self._slots.acquire()
            position = next(self._next)
            if self._stop or position >= len(self._files):
                return
            delivery = self._read_file(int(self._files[position]), buffer, hand)
            with self._arrived:
                self._delivered.append(delivery)
                self._arrived.notify()

    def _read_file(
        self, file_index: int, buffer: memoryview, hand: Hand
    ) -> tuple[int, int]:
        """Read one file; return its bytes and when it was done."""
        path = self._source.path_of(file_index)
        wanted = self._source.size_of(file_index)
        self._at[threading.get_ident()] = self._last = str(path)
        flags = os.O_RDONLY | (os.O_DIRECT if self._settings.odirect else 0)
        began_ns = time.monotonic_ns()
        hand.file_ns = hand.call_ns = began_ns
        try:
            descriptor = os.open(path, flags)
        except OSError as error:
            raise _cannot("open", path, error) from error
        self._activity.opens.append((began_ns, time.monotonic_ns()))
        hand.call_ns = 0
        self.calls += 1  # threads may lose a count to each other: that it moves counts
        try:
            if next(self._opened) % _LOOK_AT_EVERY == 0:
                self._look_at_flags(descriptor)
            self._read_whole(descriptor, path, wanted, buffer, hand)
        finally:
            os.close(descriptor)
        done_ns = time.monotonic_ns()
        self._activity.samples.append((began_ns, done_ns))
        hand.file_ns = 0
        self._at.pop(threading.get_ident())
        return wanted, done_ns

    def _read_whole(
        self,
        descriptor: int,
        path: Path,
        wanted: int,
        buffer: memoryview,
        hand: Hand,
    ) -> None:
        """Read a whole file, which must be as long as the manifest says."""
        _check_size(path, os.fstat(descriptor).st_size, wanted)
        head = tail = b""
        done = 0
        while done < wanted and not self._stop:
            hand.call_ns = began_ns = time.monotonic_ns()
            try:
                count = os.preadv(descriptor, [buffer], done)
            except OSError as error:
                raise _cannot(f"read at {done}", path, error) from error
            self._activity.reads.append((began_ns, time.monotonic_ns()))
            hand.call_ns = 0
            self.calls += 1
            if count == 0:
                _check_size(path, done, wanted)
            if done == 0:
                head = bytes(buffer[: min(count, EDGE_BYTES)])
            if done + count > wanted - EDGE_BYTES:
                edge = tail + bytes(buffer[max(0, count - EDGE_BYTES) : count])
                tail = edge[-EDGE_BYTES:]
            done += count
        if not self._stop:
            self._check(path, memoryview(head), memoryview(tail), wanted)

    def _look_at_flags(self, descriptor: int) -> None:
        self._opens[0] += 1
        self._opens[1] += is_direct(descriptor)


def _check_size(path: Path, size_bytes: int, wanted: int) -> None:
    if size_bytes != wanted:
        raise RunFailedError(
            f"{path}: has {size_bytes} bytes, the manifest says {wanted}: it was"
            " changed after it was generated; delete it and manifest.json and start"
            " the plan again, which makes the missing files only"
        )


def _cannot(verb: str, path: Path, error: OSError) -> RunFailedError:
    return RunFailedError(
        f"{path}: cannot {verb}: {error.strerror} (errno {error.errno})"
    )


def _cut(values: list[Interval]) -> list[Interval]:
    """Take what is there; threads may go on appending meanwhile."""
    taken = values[: len(values)]
    del values[: len(taken)]
    return taken
