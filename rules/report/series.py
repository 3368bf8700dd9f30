"""From samples to series: rates of counters, gaps, and bounded thinning.

Arrays are float64; a gap is NaN here and None in a view.
"""

import numpy as np
import numpy.typing as npt

from mlps.evidence import ABSENT
from rules.report.view import Series, Unit

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_GAP = 3.0
_PER_BUCKET = 3


def level(raw: npt.NDArray[np.generic]) -> FloatArray:
    """Values of a kernel column; a counter this kernel lacks is a gap."""
    values = raw.astype(np.float64)
    if raw.dtype.kind == "u":
        values[raw == ABSENT] = np.nan
    return values


def spaced(time_s: FloatArray) -> IntArray:
    """Positions of ascending times that are half the usual distance apart, or more.

    A counter read twice within a moment gives a rate that is mostly rounding; its
    increase is not lost, the next interval has it.
    """
    if time_s.size < 3:
        return np.arange(time_s.size)
    least = float(np.median(np.diff(time_s))) / 2
    positions = [0]
    for position, time in enumerate(time_s.tolist()):
        if time - float(time_s[positions[-1]]) >= max(least, 1e-9):
            positions.append(position)
    return np.array(positions, dtype=np.int64)


def rates(time_s: FloatArray, counter: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Increase per second between neighbours, at the middle of each interval.

    A counter that falls (a reset, another device of the name) is a gap, and so is
    an interval without length.
    """
    passed, grown = np.diff(time_s), np.diff(counter)
    usable = (passed > 0) & (grown >= 0)
    rate = np.full(passed.shape, np.nan)
    np.divide(grown, passed, out=rate, where=usable)
    return (time_s[1:] + time_s[:-1]) / 2, rate


def broken(time_s: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Put a gap where samples are missing: three times the usual distance.

    Usual is the third quartile, as looks at the edges of phases come in between.
    """
    passed = np.diff(time_s)
    if not passed.size:
        return time_s, values
    usual = float(np.quantile(passed, 0.75, method="lower"))
    holes = np.flatnonzero(passed > _GAP * usual) + 1
    middle = (time_s[holes - 1] + time_s[holes]) / 2
    return np.insert(time_s, holes, middle), np.insert(values, holes, np.nan)


def kept(values: FloatArray, limit: int) -> IntArray:
    """Positions to keep of at most `limit` (3 at least): each bucket's extremes.

    The least, the greatest and the first gap of each bucket stay, so no peak and no
    gap is lost.
    """
    if limit < _PER_BUCKET:
        raise ValueError(f"{limit} points are too few to keep extremes")
    if values.size <= limit:
        return np.arange(values.size)
    keep: set[int] = set()
    for bucket in np.array_split(np.arange(values.size), limit // _PER_BUCKET):
        part = values[bucket]
        gap = np.isnan(part)
        if gap.any():
            keep.add(int(bucket[int(gap.argmax())]))
        if not gap.all():
            keep.add(int(bucket[int(np.nanargmin(part))]))
            keep.add(int(bucket[int(np.nanargmax(part))]))
    return np.array(sorted(keep), dtype=np.int64)


def series(
    name: str, unit: Unit, time_s: FloatArray, values: FloatArray, limit: int
) -> Series:
    """Thin to at most `limit` points."""
    return picked(name, unit, time_s, values, kept(values, limit))


def picked(
    name: str, unit: Unit, time_s: FloatArray, values: FloatArray, positions: IntArray
) -> Series:
    """Make a series of the positions chosen."""
    return Series(
        name=name,
        unit=unit,
        time_s=tuple(time_s[positions].tolist()),
        values=tuple(optional(v) for v in values[positions].tolist()),
    )


def optional(value: float) -> float | None:
    """None for what is not a finite number."""
    return value if np.isfinite(value) else None


def spread(
    starts_s: FloatArray, ends_s: FloatArray, amounts: FloatArray, edges_s: FloatArray
) -> FloatArray:
    """Amount in each interval between edges, each amount spread evenly over its own.

    Sums over all intervals are kept; the cost is that of sorting the ends.
    """
    if not amounts.size:
        return np.zeros(max(edges_s.size - 1, 0))
    length = np.maximum(ends_s - starts_s, 1e-9)
    rate = amounts / length
    times = np.concatenate([starts_s, starts_s + length])
    order = np.argsort(times, kind="stable")
    times = times[order]
    slope = np.cumsum(np.concatenate([rate, -rate])[order])
    done = np.concatenate([[0.0], np.cumsum(slope[:-1] * np.diff(times))])
    return np.diff(np.interp(edges_s, times, done))
