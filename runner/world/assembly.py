"""Collectives before and between runs that wait for nobody in silence.

It is used in place of a communicator where ranks exchange Python objects. Ranks
say to rank 0 what they are at; rank 0 names those it misses and ends the wait.
What blocks in I/O is done in a thread, so that signals are heard meanwhile.
"""

import os
import pickle
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from mlps.errors import MlpsError, NotReadyError
from runner.world.post import new_status
from runner.world.pump import in_thread
from runner.world.signals import Signals
from runner.world.talk import tell

T = TypeVar("T")

REPORT_S = 30.0
LIMIT_S = 300.0
"""A rank at one thing for so long is named, and ends the start: no plan rules yet."""
_TAG = 72
_TELL_S = 5.0
_LOOK_S = 0.5
_BYE_S = 5.0
_NAP_S = 0.0005
_MOST_NAMED = 8


class InterruptedStartError(NotReadyError):
    """A signal ended the start before its first run."""

    exit_status = 130


@dataclass(slots=True)
class Attendance:
    """What rank 0 knows of a rank."""

    heard_s: float
    since_s: float
    host: str = ""
    pid: int = 0
    at: str = "starting"
    progress: int = 0


class Assembly:
    """All ranks, as one of them sees them; methods are collective like MPI's."""

    def __init__(self, comm: Any, signals: Signals) -> None:  # noqa: ANN401
        """Nobody is missed yet."""
        self._comm = comm
        self._signals = signals
        self._rank = int(comm.Get_rank())
        self._size = int(comm.Get_size())
        now_s = time.monotonic()
        self._known = [Attendance(now_s, now_s) for _ in range(self._size)]
        self._round = 0
        self._said: dict[int, dict[int, object]] = {}
        self._sending: list[Any] = []
        self._named: set[int] = set()
        self._at = ("starting", 0)
        self._next_tell_s = 0.0
        self._next_look_s = 0.0
        self._signal_told = False
        self._closing = False
        self.guarded = False
        """Whether watches see to it that rank 0 does not hang."""
        self._gone: set[int] = set()
        self.report_s = REPORT_S
        self.limit_s = LIMIT_S
        self.listen: Callable[[str], None] = _hear_nothing
        """What else rank 0 does while it waits: it beats, and hears the watches."""
        self.inspect: Callable[[int], None] = _look_at_nobody
        """How rank 0 has a rank looked at that it misses."""
        self._tell()

    def Get_rank(self) -> int:
        """Return this rank."""
        return self._rank

    def Get_size(self) -> int:
        """Return the number of ranks."""
        return self._size

    def at(self, what: str, progress: int = 0) -> None:
        """Note what this rank is at; rank 0 is told now and then."""
        self._at = (what, progress)

    def offload(self, what: str, act: Callable[[], T]) -> T:
        """Do what may block in I/O in a thread, and stay responsive."""
        self.at(what)
        self._tell()
        future = in_thread(act)
        while not future.done():
            self._turn(lambda: [self._rank])
        self.at(f"done with {what}")
        self._tell()
        return future.result()

    def gather(self, mine: object, root: int = 0) -> list[Any] | None:
        """Give rank 0 what every rank has; rank 0 names who is missing."""
        self._only_0(root)
        self._round += 1
        if self._rank:
            self._send(("said", self._round, mine))
            return None
        said = self._said.setdefault(self._round, {})
        said[0] = mine
        while len(said) < self._size:
            self._turn(lambda: [r for r in range(self._size) if r not in said])
        del self._said[self._round]
        return [said[rank] for rank in range(self._size)]

    def bcast(self, mine: object, root: int = 0) -> Any:  # noqa: ANN401
        """Give every rank what rank 0 has."""
        self._only_0(root)
        data = pickle.dumps(mine) if self._rank == 0 else b""
        size = np.array([len(data)], dtype=np.int64)
        self._complete(self._comm.Ibcast(size, root=0))
        buffer = np.frombuffer(bytearray(data or int(size[0])), dtype=np.uint8)
        self._complete(self._comm.Ibcast(buffer, root=0))
        return mine if self._rank == 0 else pickle.loads(buffer.tobytes())

    def allgather(self, mine: object) -> list[Any]:
        """Give every rank what every rank has."""
        return self.bcast(self.gather(mine))  # type: ignore[no-any-return]

    def close(self) -> None:
        """Leave together: MPI can crash at its end over messages nobody received."""
        self._closing = True
        if self._rank:
            self._send(("bye", 0, None))
        else:
            self._gone.add(0)
        deadline_s = time.monotonic() + _BYE_S
        wanted = self._size if self._rank == 0 else 0
        while len(self._gone) < wanted or self._sending:
            self._sending = [r for r in self._sending if not r.Test()]
            self._hear()
            if time.monotonic() > deadline_s:
                return  # somebody is gone already, and the launcher knows
            time.sleep(_NAP_S)

    def on_rank_0(self, what: str, act: Callable[[], T]) -> T:
        """Do it on rank 0 and give every rank the result, or the same error."""
        answer: tuple[Any, MlpsError | None] = (None, None)
        if self._rank == 0:
            try:
                answer = (self.offload(what, act), None)
            except InterruptedStartError:
                raise
            except MlpsError as error:
                answer = (None, error)
        result, failure = self.bcast(answer)
        if failure is not None:
            raise failure
        return result  # type: ignore[no-any-return]

    def _complete(self, request: Any) -> None:  # noqa: ANN401 - mpi4py request
        began_s, told = time.monotonic(), False
        while not request.Test():
            self._turn(self._quiet)
            if self._rank == 0 or self.guarded:
                continue
            waited_s = time.monotonic() - began_s
            if waited_s > REPORT_S and self._rank == 1 and not told:
                told = True
                tell(f"rank 1 waits for rank 0 for {waited_s:.0f} s")
            if waited_s > LIMIT_S + REPORT_S:
                raise NotReadyError(
                    f"not ready: no word of rank 0 for {waited_s:.0f} s"
                )

    def _quiet(self) -> list[int]:
        """List the ranks that do not say that they wait: they hold up the others."""
        now_s = time.monotonic()
        ranks = range(1, self._size)
        return [r for r in ranks if now_s - self._known[r].heard_s > self.report_s]

    def _turn(self, missing: Callable[[], list[int]]) -> None:
        self._sending = [r for r in self._sending if not r.Test()]
        self._hear()
        now_s = time.monotonic()
        if self._signals.received:
            self._heed_signal()
        if now_s >= self._next_tell_s:
            self._tell()
        if self._rank == 0 and now_s >= self._next_look_s:
            self._next_look_s = now_s + _LOOK_S
            self.listen(self._at[0])
            for rank in missing():
                self._miss(rank, now_s)
        time.sleep(_NAP_S)

    def _tell(self) -> None:
        """Tell rank 0 what this rank is at."""
        self._next_tell_s = time.monotonic() + _TELL_S
        note = (socket.gethostname(), os.getpid(), *self._at)
        if self._rank:
            self._send(("at", note, self._signals.received))
        else:
            self._note(0, note)

    def _send(self, message: tuple[object, ...]) -> None:
        self._sending.append(self._comm.isend(message, dest=0, tag=_TAG))

    def _hear(self) -> None:
        while (arrived := self._comm.improbe(tag=_TAG)) is not None:
            status = new_status()
            kind, first, second = arrived.recv(status)
            source = status.Get_source()
            if kind == "said":
                self._said.setdefault(first, {})[source] = second
            elif kind == "bye":
                self._gone.add(source)
            if kind != "at":
                continue
            self._note(source, first)
            if second and not self._closing:
                who = f"rank {source} (host {self._known[source].host})"
                raise InterruptedStartError(f"interrupted by {second} to {who}")

    def _note(self, rank: int, note: tuple[str, int, str, int]) -> None:
        known, now_s = self._known[rank], time.monotonic()
        if (known.at, known.progress) != note[2:]:
            known.since_s = now_s
            self._named.discard(rank)
        known.heard_s = now_s
        known.host, known.pid, known.at, known.progress = note

    def _heed_signal(self) -> None:
        if self._rank == 0:
            raise InterruptedStartError(f"interrupted by {self._signals.received}")
        if not self._signal_told:
            self._signal_told = True
            self._tell()

    def _miss(self, rank: int, now_s: float) -> None:
        """Name a rank that everybody waits for; give up after the limit."""
        known = self._known[rank]
        waited_s = now_s - known.since_s
        if waited_s <= self.report_s:
            return
        where = f"host {known.host}, pid {known.pid}" if known.host else "host unknown"
        told = f"rank {rank} ({where}): {known.at} for {waited_s:.0f} s"
        if rank and now_s - known.heard_s > self.report_s:
            told += f", not heard for {now_s - known.heard_s:.0f} s"
        if waited_s > self.limit_s:
            raise NotReadyError(f"not ready: {told}; see what hangs there, start again")
        if rank not in self._named and len(self._named) < _MOST_NAMED:
            self._named.add(rank)
            tell(f"waiting for {told}")
            self.inspect(rank)

    def _only_0(self, root: int) -> None:
        if root:
            raise ValueError(f"only rank 0 can be the root, not {root}")


def _hear_nothing(at: str) -> None:
    """No watch is there yet."""


def _look_at_nobody(rank: int) -> None:
    """No watch is there yet."""
