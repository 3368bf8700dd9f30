"""Clocks of all ranks against rank 0, and wall clocks of the hosts."""

from collections.abc import Iterator, Sequence
from typing import Any

from mlps.plan import Plan
from runner.rehearsal.row import Row, ok, warn
from runner.world import clock
from runner.world.clock import ClockReading
from runner.world.place import Place

_CHECK = "clock"
_NS_PER_S = 10**9
_APART_S = 1.0
_PART_OF_A_STEP = 4


def measure_clocks(comm: Any, place: Place) -> list[ClockReading]:  # noqa: ANN401
    """Measure every rank's clock. Collective; only rank 0 gets the readings."""
    if place.rank:
        clock.answer(comm, 0, _do_nothing)
        return []
    others = range(1, place.world)
    return [clock.own(0), *(clock.measure(comm, r, _do_nothing) for r in others)]


def _do_nothing() -> None:
    """Nothing else is due during a rehearsal."""


def judge_clocks(
    plan: Plan, readings: Sequence[ClockReading], nodes: Sequence[int]
) -> Iterator[tuple[int, Row]]:
    """Judge the clock of each host, by the rank whose clock is known least."""
    limit_ns = plan.workload.train.computation_time_s * _NS_PER_S / _PART_OF_A_STEP
    for node in sorted(set(nodes)):
        ours = [reading for reading in readings if nodes[reading.rank] == node]
        worst = max(ours, key=lambda reading: reading.error_ns)
        yield worst.rank, _judge(worst, wall_apart_s(worst, readings[0]), limit_ns)


def _judge(worst: ClockReading, apart_s: float, limit_ns: float) -> Row:
    says = (
        f"{worst.offset_ns / _NS_PER_S:+.6f} s to rank 0's, known to"
        f" {worst.error_ns / 1e3:.1f} us at worst; wall clock {apart_s:+.3f} s"
    )
    if abs(apart_s) > _APART_S:
        fix = "let chrony or ntpd set the clocks of all hosts"
        return warn(_CHECK, f"{says}: more than {_APART_S:g} s apart", fix)
    if worst.error_ns > limit_ns > 0:
        return warn(
            _CHECK,
            f"{says}; a quarter of a step is {limit_ns / 1e3:.1f} us",
            "leave a CPU to each rank, and look at the network between the hosts",
        )
    return ok(_CHECK, says)


def wall_apart_s(reading: ClockReading, first: ClockReading) -> float:
    """Give the wall clock of a rank minus that of rank 0 at one moment."""
    mine_ns = reading.wall_minus_monotonic_ns - reading.offset_ns
    return (mine_ns - first.wall_minus_monotonic_ns) / _NS_PER_S
