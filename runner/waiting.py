"""Why a rank waited for its batch: split into storage and a client without CPU.

Storage is what reader threads spent inside open and read while the batch was not
there yet: the union of their calls, those still in progress included. From being
there to being taken is the client's own. How long threads could run but had no
CPU is counted by the kernel per thread, not per call: it is taken to be spread
evenly over what the readers did in the wait, so that much less is storage.
"""

import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

Interval = tuple[int, int]

_SCHEDSTAT_BYTES = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One wait: begun, batch there, batch taken; on this rank's clock."""

    start_ns: int
    ready_ns: int
    taken_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """How long threads could run but had no CPU."""

    readers_ns: int = 0
    taker_ns: int = 0

    def since(self, before: Self) -> "Delay":
        """Return what came on top of an earlier count."""
        return Delay(
            readers_ns=self.readers_ns - before.readers_ns,
            taker_ns=self.taker_ns - before.taker_ns,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """What of a wait was storage, and what a client without CPU."""

    storage_ns: int
    starved_ns: int


def split(
    wait: Wait, calls: Sequence[Interval], files: Sequence[Interval], delay: Delay
) -> Split:
    """Split a wait, knowing when readers were busy with a file, and in its calls."""
    ready_ns = min(max(wait.ready_ns, wait.start_ns), wait.taken_ns)
    in_calls_ns = covered_ns(calls, wait.start_ns, ready_ns)
    starved_ns = min(delay.taker_ns, wait.taken_ns - ready_ns)
    if not delay.readers_ns:
        return Split(storage_ns=in_calls_ns, starved_ns=starved_ns)
    busy_ns = sum(covered_ns([file], wait.start_ns, ready_ns) for file in files)
    at_work_ns = covered_ns(files, wait.start_ns, ready_ns)
    lost_ns = min(delay.readers_ns, busy_ns)
    return Split(
        storage_ns=in_calls_ns * (busy_ns - lost_ns) // max(busy_ns, 1),
        starved_ns=starved_ns + at_work_ns * lost_ns // max(busy_ns, 1),
    )


def with_unfinished(
    completed: list[Interval], in_progress: list[int], until_ns: int
) -> list[Interval]:
    """Add what was begun but is not among the completed, as lasting until then."""
    seen = {began_ns for began_ns, _ in completed}
    return completed + [(ns, until_ns) for ns in in_progress if ns not in seen]


def covered_ns(spans: Iterable[Interval], start_ns: int, until_ns: int) -> int:
    """Time of a window that at least one of the spans covers.

    Comparisons, as calls of min and max would cost more than all the rest.
    """
    total = 0
    for begun_ns, done_ns in sorted(spans):
        low = begun_ns if begun_ns > start_ns else start_ns
        high = done_ns if done_ns < until_ns else until_ns
        if high > low:
            total += high - low
            start_ns = high
    return total


class RunDelays:
    """Run delays of threads of this process, by the kernel's schedstat files.

    The files are kept open and read by the main thread, so that readers pay nothing.
    """

    def __init__(self, readers: Sequence[int]) -> None:
        """`readers` may grow: the native ids of threads that have started."""
        self._readers = readers
        self._files: dict[int, int] = {}
        self._read_ns: dict[int, int] = {}
        self._me = threading.get_native_id()
        self.is_counted = self._counts_at_all()

    def __enter__(self) -> Self:
        """Keep files open as they are needed."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the files."""
        for file in self._files.values():
            os.close(file)

    def now(self) -> Delay:
        """Return what was counted so far; zeros on a kernel that does not count."""
        if not self.is_counted:
            return Delay()
        return Delay(
            readers_ns=sum(self._of(thread) for thread in self._readers),
            taker_ns=self._of(self._me),
        )

    def _of(self, thread: int) -> int:
        try:
            if thread not in self._files:
                path = f"/proc/self/task/{thread}/schedstat"
                self._files[thread] = os.open(path, os.O_RDONLY)
            data = os.pread(self._files[thread], _SCHEDSTAT_BYTES, 0)
            self._read_ns[thread] = int(data.split()[1])
        except (FileNotFoundError, ProcessLookupError):
            pass  # the thread has ended: what it had then is what it has
        return self._read_ns.get(thread, 0)

    def _counts_at_all(self) -> bool:
        """Without the counter this thread's own file is missing, or all zeros."""
        path = Path("/proc/thread-self/schedstat")
        return path.exists() and any(int(word) for word in path.read_bytes().split())
