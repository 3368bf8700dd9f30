"""Clocks: each rank's monotonic clock against rank 0's, with an error bound.

A ping-pong's answer was read between sending and receiving, so the offset is
known to half the round trip; the least round trip of several is kept.
"""

import time
from dataclasses import dataclass
from typing import Any

from mlps.errors import RunFailedError

_ROUNDS = 24
_TAG = 71
_PATIENCE_NS = 30 * 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """Add `offset_ns` to the rank's clock to get rank 0's, within `error_ns`."""

    rank: int
    sampled_at_ns: int
    offset_ns: int
    error_ns: int
    wall_minus_monotonic_ns: int


def answer(comm: Any) -> None:  # noqa: ANN401 - mpi4py communicator
    """Answer rank 0's pings; returns when rank 0 has what it needs."""
    for _ in range(_ROUNDS):
        comm.recv(source=0, tag=_TAG)
        comm.send(
            (time.monotonic_ns(), time.time_ns() - time.monotonic_ns()),
            dest=0,
            tag=_TAG,
        )


def measure(comm: Any, rank: int) -> ClockReading:  # noqa: ANN401
    """Measure one rank's clock from rank 0 (for rank 0 itself: exactly 0)."""
    if rank == 0:
        return ClockReading(
            rank=0,
            sampled_at_ns=time.monotonic_ns(),
            offset_ns=0,
            error_ns=0,
            wall_minus_monotonic_ns=time.time_ns() - time.monotonic_ns(),
        )
    readings = [_ping(comm, rank) for _ in range(_ROUNDS)]
    return min(readings, key=lambda reading: reading.error_ns)


def _ping(comm: Any, rank: int) -> ClockReading:  # noqa: ANN401
    sent_ns = time.monotonic_ns()
    comm.send(None, dest=rank, tag=_TAG)
    theirs_ns, wall_ns = _await(comm, rank, sent_ns)
    received_ns = time.monotonic_ns()
    return ClockReading(
        rank=rank,
        sampled_at_ns=theirs_ns,
        offset_ns=(sent_ns + received_ns) // 2 - theirs_ns,
        error_ns=(received_ns - sent_ns + 1) // 2,
        wall_minus_monotonic_ns=wall_ns,
    )


def _await(comm: Any, rank: int, sent_ns: int) -> tuple[int, int]:  # noqa: ANN401
    """Await the answer without napping, but not for ever."""
    request = comm.irecv(source=rank, tag=_TAG)
    while True:
        arrived, answer = request.test()
        if arrived:
            return answer  # type: ignore[no-any-return]
        if time.monotonic_ns() - sent_ns > _PATIENCE_NS:
            raise RunFailedError(
                f"rank {rank} did not answer a clock ping within"
                f" {_PATIENCE_NS // 10**9} s: it hangs or its host is gone"
            )
