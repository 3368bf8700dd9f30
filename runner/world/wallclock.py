"""Whether somebody set the wall clock: it jumps against the monotonic one."""

_STEP_NS = 100_000_000
"""Slewing is at most 0.5 ms a second; looked at once a second, this is a step."""


class WallClock:
    """Remembers the difference of the clocks as it was last."""

    def __init__(self) -> None:
        """Nothing was compared yet."""
        self._last_ns: int | None = None

    def step_ns(self, wall_minus_monotonic_ns: int) -> int:
        """Return by how much the wall clock was set since the last call, else 0."""
        last_ns, self._last_ns = self._last_ns, wall_minus_monotonic_ns
        if last_ns is None:
            return 0
        moved_ns = wall_minus_monotonic_ns - last_ns
        return moved_ns if abs(moved_ns) > _STEP_NS else 0
