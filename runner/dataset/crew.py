"""A crew: threads of one rank that do one task per file, watched from outside."""

import itertools
import mmap
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mlps.errors import RunFailedError

BUFFER_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a crew is; `last_object` is what a worker has been at for longest."""

    files: int
    files_done: int
    bytes_done: int
    last_object: str


class Worker:
    """What one thread does; it alone writes here, others read.

    `tally` counts whatever else a task wants to have counted.
    """

    __slots__ = (
        "_crew",
        "at",
        "buffer",
        "bytes_done",
        "files_done",
        "since_ns",
        "tally",
    )

    def __init__(self, crew: "Crew") -> None:
        """Start at zero; the buffer is page-aligned and reused for every file."""
        self._crew = crew
        self.buffer = memoryview(mmap.mmap(-1, BUFFER_BYTES))
        self.at = ""
        self.since_ns = 0
        self.bytes_done = self.files_done = 0
        self.tally: Counter[str] = Counter()

    @property
    def stopping(self) -> bool:
        """Say whether the work in hand should be dropped."""
        return self._crew.stopping


class Crew:
    """Threads that do one task per file, without MPI; watched from outside."""

    def __init__(
        self, task: Callable[[int, Worker], None], files: Sequence[int], threads: int
    ) -> None:
        """Prepare; nothing is done before `start`."""
        self._task = task
        self._files = files
        self._next = itertools.count()
        self.stopping = False
        self.workers = [Worker(self) for _ in range(threads)]
        self._threads = ThreadPoolExecutor(threads)
        self._work_done: list[futures.Future[None]] = []

    def start(self) -> None:
        """Start the threads."""
        self._work_done = [self._threads.submit(self._work, w) for w in self.workers]
        self._threads.shutdown(wait=False)

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end of all threads; raises what one of them raised."""
        done, pending = futures.wait(
            self._work_done, timeout_s, return_when=futures.FIRST_EXCEPTION
        )
        for work in done:
            self.stopping = self.stopping or work.exception() is not None
            work.result()
        return not pending

    def stop(self, timeout_s: float | None = None) -> None:
        """Drop the work in hand and end the threads."""
        self.stopping = True
        futures.wait(self._work_done, timeout_s)

    @property
    def progress(self) -> Progress:
        """Progress so far, read without a lock."""
        busy = [(w.since_ns, w.at) for w in self.workers if w.at]
        return Progress(
            files=len(self._files),
            files_done=sum(w.files_done for w in self.workers),
            bytes_done=sum(w.bytes_done for w in self.workers),
            last_object=min(busy)[1] if busy else "",
        )

    def tally(self) -> Counter[str]:
        """Sum what the workers counted."""
        return sum((worker.tally for worker in self.workers), Counter())

    def check_finished(self, verb: str, path: Path) -> None:
        """Raise RunFailedError unless every file has been done."""
        done = self.progress.files_done
        if done < len(self._files):
            raise RunFailedError(
                f"{path}: stopped after {done} of {len(self._files)} files were {verb};"
                " start the plan again to go on"
            )

    def _work(self, worker: Worker) -> None:
        while not self.stopping:
            position = next(self._next)
            if position >= len(self._files):
                break
            worker.since_ns = time.monotonic_ns()
            self._task(self._files[position], worker)
        worker.at = ""
