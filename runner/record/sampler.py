"""The sampler: one thread that reads /proc on an absolute schedule.

The thread only reads bytes; rows are parsed by whoever calls `take`. Each
sample carries the time it was taken, how late that was, and the CPU the thread
has used so far, so that the evidence shows the price of the evidence.
"""

import queue
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlps.errors import NotReadyError, PlanError, RunFailedError
from mlps.evidence import StructArray
from runner.record.procfs.look import HOST_LOOKS, RANK_LOOKS, OpenLook, Raw, open_look

PENDING_LIMIT_BYTES = 64 * 2**20
_PROC = Path("/proc")
_TABLE_WITH_COST = "process"
_MAX_INTERVAL_S = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplerTally:
    """What the sampler did so far; what is not whole belongs in the events."""

    samples: int
    missed: int
    """Times passed over because the thread was more than an interval late."""
    dropped: int
    """Samples taken and thrown away because nobody called `take`."""
    sampler_cpu_ns: int
    parse_cpu_ns: int
    """CPU for parsing, spent by the threads that called `start` and `take`."""
    absent_files: tuple[str, ...]
    """Files this kernel lacks: their columns are ABSENT or their rows missing."""


@dataclass(frozen=True, slots=True)
class _Request:
    due_ns: int
    is_last: bool


@dataclass(frozen=True, slots=True)
class _Sample:
    late_ns: int
    cpu_ns: int
    looks: list[tuple[int, Raw]]

    @property
    def size_bytes(self) -> int:
        return sum(sum(map(len, raw)) for _, raw in self.looks)


class _Backlog:
    """Samples not yet parsed, at most `limit_bytes` of them; the rest is counted."""

    def __init__(self, limit_bytes: int) -> None:
        self.dropped = 0
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self._samples: list[_Sample] = []
        self._lock = threading.Lock()

    def add(self, sample: _Sample, *, keep: bool) -> None:
        with self._lock:
            if not keep and self._size_bytes + sample.size_bytes > self._limit_bytes:
                self.dropped += 1
                return
            self._samples.append(sample)
            self._size_bytes += sample.size_bytes

    def drain(self) -> list[_Sample]:
        with self._lock:
            samples, self._samples, self._size_bytes = self._samples, [], 0
        return samples


class Sampler:
    """Samples this process and, with `host_files`, its host; `start` to `stop`.

    All methods are for one thread, the main thread. Rows of one sample in one
    table carry the same time: that of the table's first file. Never fork while
    it runs: the child would read the parent's numbers as its own.
    """

    def __init__(  # noqa: PLR0913 - who, when, and the seams for tests
        self,
        *,
        rank: int,
        node: int,
        host_files: bool,
        interval_s: float,
        max_samples: int = 0,
        clock: Callable[[], int] = time.monotonic_ns,
        proc: Path = _PROC,
        pending_limit_bytes: int = PENDING_LIMIT_BYTES,
    ) -> None:
        """Prepare. `interval_s` 0 is off; `max_samples` 0 is no cap."""
        if not 0 <= interval_s <= _MAX_INTERVAL_S or max_samples < 0:
            raise PlanError(
                f"sampling every {interval_s} s, at most {max_samples} samples: give"
                f" 0 (off) to {_MAX_INTERVAL_S} s, and 0 (no cap) or more samples"
            )
        self._interval_ns = round(interval_s * 1e9)
        self._max_samples = max_samples
        self._clock = clock
        self._proc = proc
        self._wanted = [(look, rank) for look in RANK_LOOKS]
        self._wanted += [(look, node) for look in HOST_LOOKS if host_files]
        self._open: list[tuple[OpenLook, int]] = []
        self._closing = ExitStack()
        self._absent: tuple[str, ...] = ()
        self._thread: threading.Thread | None = None
        self._requests: queue.SimpleQueue[_Request] = queue.SimpleQueue()
        self._first_done = threading.Event()
        self._failure: OSError | None = None
        self._ended = False
        self._backlog = _Backlog(pending_limit_bytes)
        self._parsed: dict[str, list[StructArray]] = {}
        self._samples = self._missed = 0
        self._sampler_cpu_ns = self._parse_cpu_ns = 0

    def start(self) -> None:
        """Open the files, take the first sample, and prove that it parses."""
        if not self._interval_ns:
            return
        with ExitStack() as closing:
            looks = [
                (open_look(look, self._proc, closing), owner)
                for look, owner in self._wanted
            ]
            self._closing = closing.pop_all()
        self._absent = tuple(path for look, _ in looks for path in look.absent)
        self._open = [pair for pair in looks if pair[0].reads]
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        self._thread.start()
        self._first_done.wait()
        try:
            self._parse()
            self._raise_if_dead()
        except (ValueError, RunFailedError) as error:
            self.stop()
            raise NotReadyError(
                f"first sample: {error}; report it with the kernel's version,"
                " or switch sampling off in the plan"
            ) from error

    def mark(self) -> None:
        """Ask for one sample now, as at the edge of a phase; does not wait."""
        if self._thread is not None:
            self._requests.put(_Request(self._clock(), is_last=False))

    def stop(self) -> None:
        """Take the last sample and end; a `take` must follow for what is left."""
        if self._thread is not None:
            self._requests.put(_Request(self._clock(), is_last=True))
            self._thread.join()
            self._closing.close()

    def take(self) -> dict[str, StructArray]:
        """Give the rows sampled since the last call, by table; no empty tables.

        A sampler that died raises once; the call after gives what it had taken.
        """
        self._raise_if_dead()
        try:
            self._parse()
        except ValueError as error:
            raise RunFailedError(
                f"sample unreadable: {error}; report it with the kernel's version,"
                " or switch sampling off in the plan"
            ) from error
        parsed, self._parsed = self._parsed, {}
        return {table: np.concatenate(parts) for table, parts in parsed.items()}

    @property
    def tally(self) -> SamplerTally:
        """What was done so far."""
        return SamplerTally(
            samples=self._samples,
            missed=self._missed,
            dropped=self._backlog.dropped,
            sampler_cpu_ns=self._sampler_cpu_ns,
            parse_cpu_ns=self._parse_cpu_ns,
            absent_files=self._absent,
        )

    def _raise_if_dead(self) -> None:
        if self._thread is None or self._ended or self._thread.is_alive():
            return
        self._ended = True
        why = self._failure or "its traceback is on stderr"
        raise RunFailedError(
            f"sampler of {self._proc} ended early: {why}"
        ) from self._failure

    def _parse(self) -> None:
        before_ns = time.thread_time_ns()
        for sample in self._backlog.drain():
            for (look, owner), (at_ns, raw) in zip(
                self._open, sample.looks, strict=True
            ):
                rows = look.parse(owner, at_ns, raw)
                if look.look.table == _TABLE_WITH_COST:
                    rows["late_ns"] = sample.late_ns
                    rows["sampler_cpu_ns"] = sample.cpu_ns
                    rows["parse_cpu_ns"] = self._parse_cpu_ns
                if len(rows):
                    self._parsed.setdefault(look.look.table, []).append(rows)
        self._parse_cpu_ns += time.thread_time_ns() - before_ns

    def _run(self) -> None:
        try:
            self._loop()
            self._ended = True
        except OSError as error:
            self._failure = error
        finally:
            self._first_done.set()

    def _loop(self) -> None:
        due_ns = self._clock()
        self._sample(due_ns)
        self._first_done.set()
        while True:
            due_ns, missed = following(due_ns, self._clock(), self._interval_ns)
            self._missed += missed if self._has_room() else 0
            while (request := self._wait(due_ns)) is not None:
                self._sample(request.due_ns, is_last=request.is_last)
                if request.is_last:
                    return
            self._sample(due_ns)

    def _has_room(self, *, is_last: bool = False) -> bool:
        # Within the cap, the last place is kept for the sample at the end.
        places = self._max_samples - (0 if is_last else 1)
        return not self._max_samples or not self._samples or self._samples < places

    def _wait(self, due_ns: int) -> _Request | None:
        """Wait for a request until `due_ns`; without end once the cap is reached."""
        left_s = max(0, due_ns - self._clock()) / 1e9
        try:
            return self._requests.get(timeout=left_s if self._has_room() else None)
        except queue.Empty:
            return None

    def _sample(self, due_ns: int, *, is_last: bool = False) -> None:
        if not self._has_room(is_last=is_last):
            return
        looks = [(self._clock(), look.read()) for look, _ in self._open]
        self._sampler_cpu_ns = time.thread_time_ns()
        self._samples += 1
        sample = _Sample(looks[0][0] - due_ns, self._sampler_cpu_ns, looks)
        self._backlog.add(sample, keep=is_last)


def following(due_ns: int, now_ns: int, interval_ns: int) -> tuple[int, int]:
    """Give the next time of the schedule after now, and how many were passed over."""
    steps = max(1, (now_ns - due_ns) // interval_ns + 1)
    return due_ns + steps * interval_ns, steps - 1
