"""When a sample was taken, on rank 0's clock, with its bound.

Two things are certain: it was taken between asking and the answer's arrival, and at
the uptime the host wrote into it, to a step of 10 ms. Each exchange so bounds the
offset of the host's clock; recent ones together place a sample whose own answer
was long under way.
"""

from collections import deque
from dataclasses import dataclass

STEP_NS = 10_000_000
"""Of /proc/uptime."""
_REMEMBERED = 32
_DRIFT_PPM = 500
"""A clock is slewed by no more; 32 samples at 1 Hz are worth 16 ms at worst."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A time on rank 0's clock, within `error_ns`."""

    at_ns: int
    error_ns: int


class Axis:
    """Places samples of one host on rank 0's clock."""

    def __init__(self) -> None:
        """Nothing is known of the host's clock."""
        self._exchanges: deque[tuple[int, int, int]] = deque(maxlen=_REMEMBERED)
        self.offset_ns = 0
        """Add to the host's uptime to get rank 0's clock, as last known."""

    def place(self, sent_ns: int, uptime_ns: int, received_ns: int) -> Moment:
        """Place the sample of one exchange."""
        least, most = sent_ns - uptime_ns - STEP_NS, received_ns - uptime_ns
        known = self._known(received_ns)
        if max(least, known[0]) > min(most, known[1]):
            self._exchanges.clear()  # the clock was set, or it is another boot
            known = (least, most)
        self._exchanges.append((received_ns, least, most))
        offset_least, offset_most = max(least, known[0]), min(most, known[1])
        self.offset_ns = (offset_least + offset_most) // 2
        early = max(sent_ns, uptime_ns + offset_least)
        late = min(received_ns, uptime_ns + STEP_NS + offset_most)
        return Moment((early + late) // 2, (late - early + 1) // 2)

    def _known(self, now_ns: int) -> tuple[int, int]:
        """Bounds of the offset by earlier exchanges, wider the older they are."""
        least, most = -(2**62), 2**62
        for then_ns, low, high in self._exchanges:
            slack_ns = (now_ns - then_ns) * _DRIFT_PPM // 10**6
            least, most = max(least, low - slack_ns), min(most, high + slack_ns)
        return least, most
