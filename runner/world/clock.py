"""Clocks: another rank's monotonic clock against this one's, with an error bound.

A ping-pong's answer was read between sending and receiving, so the offset is
known to half the round trip; the least round trip of several is kept.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlps.errors import RunFailedError

_ROUNDS = 24
_TAG = 71
_PATIENCE_NS = 30 * 10**9
_SPIN_NS = 2_000_000
_NAP_S = 0.0002


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """Add `offset_ns` to the rank's clock to get the measurer's, within `error_ns`."""

    rank: int
    sampled_at_ns: int
    offset_ns: int
    error_ns: int
    wall_minus_monotonic_ns: int

    def seen_from(self, through: "ClockReading") -> "ClockReading":
        """Give the reading against the clock that its measurer was measured by."""
        return ClockReading(
            rank=self.rank,
            sampled_at_ns=self.sampled_at_ns,
            offset_ns=self.offset_ns + through.offset_ns,
            error_ns=self.error_ns + through.error_ns,
            wall_minus_monotonic_ns=self.wall_minus_monotonic_ns,
        )


def own(rank: int) -> ClockReading:
    """Read this rank's own clock: exact."""
    now_ns = time.monotonic_ns()
    return ClockReading(
        rank=rank,
        sampled_at_ns=now_ns,
        offset_ns=0,
        error_ns=0,
        wall_minus_monotonic_ns=time.time_ns() - now_ns,
    )


def answer(comm: Any, source: int, turn: Callable[[], None]) -> None:  # noqa: ANN401
    """Answer a measurer's pings; takes turns until it has what it needs."""
    for _ in range(_ROUNDS):
        _arrived(comm, source, turn, patience_ns=None)
        comm.send(
            (time.monotonic_ns(), time.time_ns() - time.monotonic_ns()),
            dest=source,
            tag=_TAG,
        )


def measure(comm: Any, rank: int, turn: Callable[[], None]) -> ClockReading:  # noqa: ANN401
    """Measure another rank's clock, which must be answering."""
    readings = [_ping(comm, rank, turn) for _ in range(_ROUNDS)]
    return min(readings, key=lambda reading: reading.error_ns)


def _ping(comm: Any, rank: int, turn: Callable[[], None]) -> ClockReading:  # noqa: ANN401
    sent_ns = time.monotonic_ns()
    comm.send(None, dest=rank, tag=_TAG)
    theirs_ns, wall_ns = _arrived(comm, rank, turn, _PATIENCE_NS)
    received_ns = time.monotonic_ns()
    return ClockReading(
        rank=rank,
        sampled_at_ns=theirs_ns,
        offset_ns=(sent_ns + received_ns) // 2 - theirs_ns,
        error_ns=(received_ns - sent_ns + 1) // 2,
        wall_minus_monotonic_ns=wall_ns,
    )


def _arrived(
    comm: Any,  # noqa: ANN401
    rank: int,
    turn: Callable[[], None],
    patience_ns: int | None,
) -> Any:  # noqa: ANN401
    """Await a message: first without napping, then with turns."""
    began_ns = time.monotonic_ns()
    while (message := comm.improbe(source=rank, tag=_TAG)) is None:
        waited_ns = time.monotonic_ns() - began_ns
        if waited_ns > _SPIN_NS:
            turn()
            time.sleep(_NAP_S)
        if patience_ns is not None and waited_ns > patience_ns:
            raise RunFailedError(
                f"rank {rank} did not answer a clock ping within"
                f" {patience_ns // 10**9} s: it hangs or its host is gone"
            )
    return message.recv()
