"""Sets the units of two sides against each other, metric by metric."""

from collections.abc import Sequence
from dataclasses import dataclass

from rules.comparison.interval import Interval, mean, welch
from rules.comparison.metric import BUCKET_SHARE, METRICS, Metric, Values

SAME = "not distinguishable"
NO_CLAIM = "no claim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """What is compared: `name` is run or epoch, one unit for each of `old`, `new`.

    `least` units are needed on each side before there is an interval.
    """

    name: str
    least: int
    old: tuple[Values, ...]
    new: tuple[Values, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One metric on both sides, and what may be said of the difference.

    `interval` is None when nothing may be said; `why` then says why not.
    """

    metric: Metric
    old: tuple[float, ...]
    new: tuple[float, ...]
    interval: Interval | None
    verdict: str
    why: str

    @property
    def difference(self) -> float | None:
        """Mean of the second side minus mean of the first; None without values."""
        return mean(self.new) - mean(self.old) if self.old and self.new else None

    def relative_percent(self, amount: float) -> float | None:
        """Express an amount in percent of the first side's mean, when above zero."""
        base = mean(self.old) if self.old else 0.0
        return 100 * amount / base if base > 0 else None


def contrasts(units: Units) -> tuple[Contrast, ...]:
    """Contrast every metric that at least one unit has."""
    found = (_contrast(metric, units) for metric in METRICS)
    return tuple(c for c in found if c.old or c.new)


def _contrast(metric: Metric, units: Units) -> Contrast:
    old, new = (_given(metric, side) for side in (units.old, units.new))
    interval, why = None, ""
    fewest = min(len(old), len(new))
    if fewest < units.least:
        why = f"no interval: {fewest} {units.name}{'' if fewest == 1 else 's'}"
    else:
        interval = welch(old, new, _resolution(metric, (*old, *new)))
        if interval is None:
            why = "no interval: no spread"
    return Contrast(
        metric=metric,
        old=old,
        new=new,
        interval=interval,
        verdict=_verdict(metric, interval, is_equal={*old} == {*new}),
        why=why,
    )


def _given(metric: Metric, side: Sequence[Values]) -> tuple[float, ...]:
    return tuple(v for unit in side if (v := unit[metric.key]) is not None)


def _resolution(metric: Metric, values: Sequence[float]) -> float:
    """Give what a difference of two rounded values may be off by."""
    return max(values) * BUCKET_SHARE if metric.is_percentile else 0.0


def _verdict(metric: Metric, interval: Interval | None, *, is_equal: bool) -> str:
    if interval is None:
        return SAME if is_equal else NO_CLAIM
    if not interval.excludes_zero:
        return SAME
    larger, smaller = metric.sense.value
    return larger if interval.low > 0 else smaller
