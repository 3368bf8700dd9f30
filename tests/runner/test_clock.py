"""Clocks: offsets add up over leaders, steps of the wall clock are noticed."""

import pytest

from runner.world.clock import ClockReading
from runner.world.wallclock import WallClock

MS = 1_000_000


def reading(rank: int, offset_ns: int, error_ns: int) -> ClockReading:
    return ClockReading(
        rank=rank,
        sampled_at_ns=5,
        offset_ns=offset_ns,
        error_ns=error_ns,
        wall_minus_monotonic_ns=7,
    )


def test_offsets_and_errors_add_up_over_the_leader():
    seen = reading(3, 100, 10).seen_from(reading(2, -4000, 300))
    assert (seen.rank, seen.offset_ns, seen.error_ns) == (3, -3900, 310)
    assert (seen.sampled_at_ns, seen.wall_minus_monotonic_ns) == (5, 7)


@pytest.mark.parametrize(
    ("moved_ns", "step_ns"),
    [
        (0, 0),
        (500_000, 0),  # a second of the fastest slew
        (99 * MS, 0),
        (101 * MS, 101 * MS),
        (-3600 * 1000 * MS, -3600 * 1000 * MS),
    ],
)
def test_a_step_of_the_wall_clock_is_no_slew(moved_ns, step_ns):
    wall = WallClock()
    assert wall.step_ns(1_700_000_000 * 1000 * MS) == 0
    assert wall.step_ns(1_700_000_000 * 1000 * MS + moved_ns) == step_ns
    assert wall.step_ns(1_700_000_000 * 1000 * MS + moved_ns) == 0


def test_slewing_for_long_is_no_step():
    wall = WallClock()
    assert not any(wall.step_ns(second * 500_000) for second in range(2000))
