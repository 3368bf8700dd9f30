"""Latency over time and over a run: percentiles of merged histograms, never of others.

Each rank records buckets for intervals of about a second. Intervals of all ranks are
merged by adding counts; a percentile is read from the sum.
"""

from collections.abc import Mapping

import numpy as np

from mlps import histogram
from mlps.evidence.table import StructArray
from mlps.metrics import NS_PER_S, Tables
from rules.report import series
from rules.report.series import FloatArray
from rules.report.timeline import Timeline
from rules.report.view import LatencyRow, Panel, PhaseSpan, Series, Unit

OPERATIONS = ("sample", "read", "open", "write")
_PERCENTILES = (("p50", 50), ("p95", 95), ("p99", 99), ("max", 100))
_MOST_BINS = 150
_INTERVAL_S = 1.0


def rows(tables: Tables) -> tuple[LatencyRow, ...]:
    """Each operation over the whole run."""
    found = []
    for operation in OPERATIONS:
        mine = _of(tables["latency"], operation)
        counts = histogram.merge(mine["bucket"], mine["count"])
        seconds = _percentiles_s(counts)
        if seconds:
            found.append(
                LatencyRow(
                    operation=operation,
                    count=sum(counts.values()),
                    p50_s=seconds["p50"],
                    p95_s=seconds["p95"],
                    p99_s=seconds["p99"],
                    max_s=seconds["max"],
                )
            )
    return tuple(found)


def panels(tables: Tables, line: Timeline, limit: int) -> tuple[Panel, ...]:
    """Percentiles of each operation over time, one panel for each operation."""
    every = tables["latency"]
    found = []
    for operation in OPERATIONS:
        mine = _of(every, operation)
        if len(mine):
            found.append(
                Panel(
                    name=operation,
                    title=f"Latency of {operation}",
                    unit=Unit.SECONDS,
                    series=_over_time(mine, line, min(limit, _MOST_BINS)),
                )
            )
    return tuple(found)


def _of(every: StructArray, operation: str) -> StructArray:
    mine: StructArray = every[every["operation"] == operation.encode()]
    return mine


def _over_time(mine: StructArray, line: Timeline, limit: int) -> tuple[Series, ...]:
    starts_s = line.rank_s(mine["rank"], mine["interval_start_ns"])
    width_s = max(_INTERVAL_S, line.end_s / limit)
    times: list[float] = []
    values: list[Mapping[str, float]] = []
    for number in np.unique(mine["phase"]):
        here = mine["phase"] == number
        span = line.phase(int(number), starts_s[here])
        if times:
            times.append(span.start_s)
            values.append({})
        for time_s, seconds in _bins(mine[here], starts_s[here], span, width_s):
            times.append(time_s)
            values.append(seconds)
    at = np.array(times)
    return tuple(
        series.series(
            name,
            Unit.SECONDS,
            at,
            np.array([v.get(name, np.nan) for v in values]),
            2 * _MOST_BINS,
        )
        for name, _ in _PERCENTILES
    )


def _bins(
    mine: StructArray, starts_s: FloatArray, span: PhaseSpan, width_s: float
) -> list[tuple[float, Mapping[str, float]]]:
    """Time and percentiles of each bin of one phase; a bin without counts is empty."""
    number = np.maximum((starts_s - span.start_s) / width_s, 0).astype(np.int64)
    number = np.minimum(number, _MOST_BINS)
    found = []
    for bin_number in range(int(number.max()) + 1):
        rows_here = mine[number == bin_number]
        counts = histogram.merge(rows_here["bucket"], rows_here["count"])
        middle = span.start_s + (bin_number + 0.5) * width_s
        found.append((min(middle, span.end_s), _percentiles_s(counts)))
    return found


def _percentiles_s(counts: Mapping[int, int]) -> Mapping[str, float]:
    found = {}
    for name, percent in _PERCENTILES:
        value = histogram.percentile_ns(counts, percent)
        if value is not None:
            found[name] = value / NS_PER_S
    return found
