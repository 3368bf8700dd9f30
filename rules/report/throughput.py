"""Delivered bytes per second over time, from the steps of all ranks."""

import numpy as np

from mlps.metrics import Tables
from rules.report import series
from rules.report.timeline import Timeline
from rules.report.view import Panel, PhaseSpan, Series, Unit

_LEAST_BINS = 3


def panel(tables: Tables, line: Timeline, needed: float, limit: int) -> Panel:
    """Spread each step's bytes over the step; between epochs there is a gap.

    `needed` bytes/s just reach the utilization target of the plan.
    """
    steps = tables["steps"]
    epochs = [span for span in line.phases if span.epoch > 0]
    if not len(steps) or not epochs:
        return _panel((), needed, "no steps are recorded in this run")
    starts = line.rank_s(steps["rank"], steps["start_ns"])
    took = steps["wait_ns"] + steps["compute_ns"] + steps["barrier_ns"]
    ends = starts + took / 1e9
    sizes = steps["delivered_bytes"].astype(np.float64)
    times, values = [], []
    for span in epochs:
        edges = _edges(span, float(np.median(took)) / 1e9, limit // len(epochs))
        amounts = series.spread(starts, ends, sizes, edges)
        times += [*((edges[1:] + edges[:-1]) / 2).tolist(), span.end_s]
        values += [*(amounts / np.diff(edges)).tolist(), np.nan]
    found = series.series(
        "delivered", Unit.BYTES_PER_S, np.array(times), np.array(values), limit
    )
    return _panel((found,), needed, "")


def _edges(span: PhaseSpan, step_s: float, limit: int) -> series.FloatArray:
    length = max(span.end_s - span.start_s, 1e-9)
    wanted = length / step_s if step_s > 0 else limit
    count = int(max(_LEAST_BINS, min(wanted, limit)))
    return np.linspace(span.start_s, span.start_s + length, count + 1)


def _panel(found: tuple[Series, ...], needed: float, absent: str) -> Panel:
    return Panel(
        name="throughput",
        title="Throughput",
        unit=Unit.BYTES_PER_S,
        series=found,
        target=needed if needed > 0 else None,
        target_name="needed for the target",
        absent=absent,
    )
