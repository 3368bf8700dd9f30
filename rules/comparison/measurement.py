"""How the evidence of a run gives the numbers that are compared.

A unit is a set of epochs of one run: all of them, or one. Percentiles come from one
histogram merged over the ranks and epochs of the unit, and are never averaged in it.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from mlps import histogram, metrics
from mlps.evidence import ABSENT, StructArray
from mlps.metrics import NS_PER_S, RankEpoch, Tables
from mlps.plan import Plan
from rules.comparison.metric import PERCENTILES, Values

_BUSY = ("user", "nice", "system", "irq", "softirq", "steal")
_IDLE = ("idle", "iowait")


def units(plan: Plan, tables: Tables) -> tuple[Values, ...]:
    """Metrics of a run: of all its epochs together, then of each; none without."""
    records = metrics.rank_epochs(plan, tables)
    epochs = sorted({record.epoch for record in records})
    sets = [epochs, *([epoch] for epoch in epochs)] if epochs else []
    return tuple(_unit(plan, tables, records, own) for own in sets)


def _unit(
    plan: Plan, tables: Tables, every: Sequence[RankEpoch], epochs: Collection[int]
) -> Values:
    """Every metric of one unit by its key; None where nothing was recorded."""
    records = [r for r in every if r.epoch in epochs]
    steps, phases = tables["steps"], tables["phases"]
    own = phases[np.isin(phases["epoch"], list(epochs))]
    waits = steps[np.isin(steps["epoch"], list(epochs))]["wait_ns"]
    buckets, counts = np.unique(histogram.bucket_of(waits), return_counts=True)
    numbers = sorted(set(own["phase"].tolist()))
    return {
        **_rates(plan, records),
        **_time_shares(records),
        **_named("wait", dict(zip(buckets.tolist(), counts.tolist(), strict=True))),
        **_named("sample", metrics.latency(tables, numbers, "sample")),
        "host_cpu_percent": _host_cpu_percent(tables, own),
    }


def _rates(plan: Plan, records: Sequence[RankEpoch]) -> Values:
    each = metrics.utilization(records, plan.workload.reader.batch_size)
    spans_ns = [
        metrics.epoch_span_ns([r for r in records if r.epoch == e.epoch]) for e in each
    ]
    total_ns = sum(spans_ns)
    return {
        "au_rules_percent": metrics.mean([e.rules_percent for e in each]),
        "au_dlio_percent": metrics.mean([e.dlio_percent for e in each]),
        "au_slowest_rank_percent": min(e.slowest_rules_percent for e in each),
        "samples_per_s": metrics.rate_per_s(sum(r.samples for r in records), total_ns),
        "bytes_per_s": metrics.rate_per_s(
            sum(r.delivered_bytes for r in records), total_ns
        ),
        "epoch_s": total_ns / len(spans_ns) / NS_PER_S,
    }


def _time_shares(records: Sequence[RankEpoch]) -> Values:
    wait_ns = sum(r.wait_ns for r in records)
    barrier_ns = sum(r.barrier_ns for r in records)
    step_ns = wait_ns + barrier_ns + sum(r.compute_ns for r in records)
    steps = sum(r.steps for r in records)
    return {
        "step_s": step_ns / steps / NS_PER_S if steps else None,
        "wait_share_percent": _percent(wait_ns, step_ns),
        "barrier_share_percent": _percent(barrier_ns, step_ns),
        "oversleep_percent": metrics.oversleep_percent(records),
    }


def _named(key: str, counts: Mapping[int, int]) -> Values:
    found = {p: histogram.percentile_ns(counts, p) for p in PERCENTILES}
    return {
        f"{key}_p{percent}_s": None if value is None else value / NS_PER_S
        for percent, value in found.items()
    }


def _host_cpu_percent(tables: Tables, phases: StructArray) -> float | None:
    """Busy share of all processors, from the looks just outside of each epoch."""
    nodes = {int(row["rank"]): int(row["node"]) for row in tables["ranks"]}
    at = np.array([nodes.get(rank, -1) for rank in phases["rank"].tolist()])
    places = set(zip(at.tolist(), phases["phase"].tolist(), strict=True))
    busy = total = 0
    for node, phase in places:
        looks = tables["cpu"][tables["cpu"]["node"] == node]
        ticks = _ticks(looks, phases[(at == node) & (phases["phase"] == phase)])
        if ticks is None:
            return None
        busy, total = busy + ticks[0], total + sum(ticks)
    return _percent(busy, total)


def _ticks(looks: StructArray, phases: StructArray) -> tuple[int, int] | None:
    """Busy and idle ticks between the looks at the edges; None without such looks."""
    start, end = int(phases["start_ns"].min()), int(phases["end_ns"].max())
    before = looks[looks["sampled_at_ns"] <= start]
    after = looks[looks["sampled_at_ns"] >= end]
    if not len(before) or not len(after):
        return None
    first = before[int(before["sampled_at_ns"].argmax())]
    last = after[int(after["sampled_at_ns"].argmin())]
    busy, idle = (
        [(int(first[f"{f}_ticks"]), int(last[f"{f}_ticks"])) for f in fields]
        for fields in (_BUSY, _IDLE)
    )
    if any(ABSENT in pair for pair in (*busy, *idle)):
        return None
    return sum(b - a for a, b in busy), sum(b - a for a, b in idle)


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole > 0 else None
