"""Reads evidence of strangers in a process of its own, with a limit on its time.

A damaged file can send the HDF5 library into an endless loop or a crash. Then the
child dies, the file is named, and the rest is still judged. Rows come back as plain
bytes of declared types; nothing the child says is executed or believed unchecked.
"""

import json
import os
import resource
import select
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np

from mlps.errors import EvidenceError
from mlps.evidence import BY_NAME, TABLES
from mlps.evidence.reader import BUDGET_BYTES, Evidence, read
from mlps.evidence.table import StructArray

_HEAD_BYTES = 8
_MAX_HEAD_BYTES = 64 * 1024
_MAX_ERROR = 1000
Take = Callable[[int], bytearray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What reading one file may cost in time; `reader.read` limits the memory."""

    cpu_s: int = 30
    wall_s: float = 300


class Reading:
    """One file being read in a child; every reading must be collected or stopped."""

    def __init__(self, path: Path, budget_bytes: int, limits: Limits) -> None:
        """Start the child."""
        self._path, self._budget_bytes, self._limits = path, budget_bytes, limits
        self._source, sink = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            os.close(self._source)
            _serve(sink, path, budget_bytes, limits)
        os.close(sink)

    def evidence(self) -> Evidence:
        """Wait for what was read; EvidenceError also when the file killed the child."""
        path, limits = self._path, self._limits
        try:
            tables = _received(self._source, path, self._budget_bytes, limits)
        except EOFError:
            death = _death(self._end(), limits)
            raise EvidenceError(f"{path}: damaged: {death}") from None
        except BaseException:
            self.stop()
            raise
        self._end()
        return Evidence(str(path), tables)

    def stop(self) -> None:
        """Kill the child."""
        os.kill(self._child, signal.SIGKILL)
        self._end()

    def _end(self) -> int:
        os.close(self._source)
        return os.waitpid(self._child, 0)[1]


def read_isolated(
    path: Path, budget_bytes: int = BUDGET_BYTES, limits: Limits | None = None
) -> Evidence:
    """Read one file as `reader.read` does, in a child."""
    return Reading(path, budget_bytes, limits or Limits()).evidence()


def _serve(sink: int, path: Path, budget_bytes: int, limits: Limits) -> NoReturn:
    """Read in the child and send what was read; the child ends here, whatever."""
    try:
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _limit_cpu(limits.cpu_s)
        with os.fdopen(sink, "wb") as pipe:
            try:
                evidence = read(path, budget_bytes)
            except EvidenceError as error:
                _send(pipe.write, {"error": str(error)[:_MAX_ERROR]})
            else:
                counts = [len(evidence.tables[table.name]) for table in TABLES]
                _send(pipe.write, {"rows": counts})
                for table in TABLES:
                    pipe.write(evidence.tables[table.name].tobytes())
    finally:
        os._exit(0)


def _limit_cpu(cpu_s: int) -> None:
    soft, hard = int(time.process_time()) + cpu_s, resource.RLIM_INFINITY
    known = resource.getrlimit(resource.RLIMIT_CPU)[1]
    if known != resource.RLIM_INFINITY:
        soft, hard = min(soft, known), known
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _send(write: Callable[[bytes], object], head: object) -> None:
    data = json.dumps(head).encode()
    write(len(data).to_bytes(_HEAD_BYTES, "little") + data)


def _received(
    source: int, path: Path, budget_bytes: int, limits: Limits
) -> dict[str, StructArray]:
    """Take the tables the child sends; EOFError when it dies before the last byte."""
    deadline_s = time.monotonic() + limits.wall_s

    def take(count: int) -> bytearray:
        return _taken(source, count, deadline_s)

    try:
        size = int.from_bytes(take(_HEAD_BYTES), "little")
        if size > _MAX_HEAD_BYTES:
            raise ValueError("its first words are too long")
        head = json.loads(take(size))
        if "error" in head:
            raise EvidenceError(str(head["error"]))
        rows = [int(count) for count in head["rows"]]
        return _tables(rows, budget_bytes, take)
    except TimeoutError as error:
        text = f"{path}: reading it took more than {limits.wall_s:g} s"
        raise EvidenceError(text) from error
    except (ValueError, KeyError, TypeError) as error:
        raise EvidenceError(f"{path}: its reader answered nonsense") from error


def _tables(rows: list[int], budget_bytes: int, take: Take) -> dict[str, StructArray]:
    sizes = [n * t.dtype.itemsize for n, t in zip(rows, TABLES, strict=True)]
    if min(sizes) < 0 or sum(sizes) > budget_bytes:
        raise ValueError("more rows than allowed")
    return {
        table.name: np.frombuffer(take(size), dtype=BY_NAME[table.name].dtype)
        for table, size in zip(TABLES, sizes, strict=True)
    }


def _taken(source: int, count: int, deadline_s: float) -> bytearray:
    """Take exactly `count` bytes; EOFError or TimeoutError when they don't come."""
    data = bytearray(count)
    view, at = memoryview(data), 0
    poll = select.poll()
    poll.register(source, select.POLLIN)
    while at < count:
        left_s = deadline_s - time.monotonic()
        if left_s <= 0 or not poll.poll(1000 * left_s):
            raise TimeoutError
        got = os.readv(source, [view[at : at + 2**20]])
        if got == 0:
            raise EOFError
        at += got
    return data


def _death(status: int, limits: Limits) -> str:
    signaled = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if signaled == signal.SIGXCPU:
        return f"reading it took more than {limits.cpu_s} s of CPU time"
    if signaled:
        name = signal.Signals(signaled).name
        return f"the HDF5 library crashed on it ({name})"
    return "its reader ended without an answer"
