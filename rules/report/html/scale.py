"""Axes: where a value lies between 0 and 1, and which values get a label."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

from rules.report.quantity import duration, named, number
from rules.report.view import Unit

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_MOST_TICKS = 12
_TIMES = ((3600.0, "h"), (60.0, "min"), (1.0, "s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Range of values in `unit`s of `factor`; `log` axes have a range above 0."""

    low: float
    high: float
    unit: str
    factor: float
    ticks: tuple[tuple[float, str], ...]
    log: bool = False

    def place(self, value: float) -> float:
        """Share of the axis below a value, within 0 and 1."""
        if self.log:
            value = max(value, self.low)
            share = log10(value / self.low) / log10(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(max(share, 0.0), 1.0)


def linear(
    high: float, unit: Unit, *, low: float = 0.0, is_end: bool = False, count: int = 4
) -> Axis:
    """Axis from `low`; `high` is its end or only has to be on it."""
    if not (isfinite(high) and isfinite(low) and high > low):
        high = low + 1.0
    factor, name = named(high, unit)
    step = _nice((high - low) / factor / count)
    first = ceil(low / factor / step - 1e-9)
    last = floor(high / factor / step + 1e-9)
    if not is_end and last * step * factor < high * (1 - 1e-9):
        last += 1
        high = last * step * factor
    places = range(first, min(last, first + _MOST_TICKS) + 1)
    ticks = tuple((n * step * factor, number(n * step)) for n in places)
    return Axis(low=low, high=high, unit=name, factor=factor, ticks=ticks)


def seconds(end_s: float) -> Axis:
    """Time axis of a run."""
    end_s = end_s if isfinite(end_s) and end_s > 0 else 1.0
    factor, name = next((t for t in _TIMES if end_s >= 3 * t[0]), _TIMES[-1])
    step = _nice(end_s / factor / 5)
    count = min(floor(end_s / factor / step + 1e-9), _MOST_TICKS)
    ticks = tuple((n * step * factor, number(n * step)) for n in range(count + 1))
    return Axis(low=0.0, high=end_s, unit=name, factor=factor, ticks=ticks)


def decades(values: Sequence[float]) -> Axis:
    """Logarithmic axis of durations, whole decades around the values above 0."""
    known = [v for v in values if v > 0 and isfinite(v)]
    first = floor(log10(min(known)) + 1e-9) if known else -6
    last = ceil(log10(max(known)) - 1e-9) if known else 0
    last = max(last, first + 1)
    every = -(-(last - first) // 6)
    ticks = tuple((10.0**n, duration(10.0**n)) for n in range(first, last + 1, every))
    return Axis(
        low=10.0**first, high=10.0**last, unit="", factor=1.0, ticks=ticks, log=True
    )


def _nice(step: float) -> float:
    """Round up to 1, 2, 2.5, 5 or 10 of a power of ten."""
    if step <= 0 or not isfinite(step):
        return 1.0
    power = 10.0 ** floor(log10(step))
    return next(s for s in _STEPS if s * power >= step * (1 - 1e-9)) * power
