"""summary.json: a view of one run's evidence, recomputed by whoever reads it."""

from typing import Any

import numpy as np

from mlps import barriers, clocks, histogram, metrics
from mlps.attribution import Parts, together
from mlps.ceiling import find_ceiling
from mlps.metrics import RankEpoch, Tables
from mlps.plan import Plan

SCHEMA = "summary/2"
_PERCENTILES = (50, 95, 99, 100)
_NS_PER_US = 1000


def summarize(plan: Plan, tables: Tables) -> dict[str, Any]:
    """Every number of a run from its tables: same tables, same numbers."""
    run = tables["run"][0]
    return {
        "schema": SCHEMA,
        "run_id": run["run_id"].decode(),
        "run": int(run["number"]),
        "kind": run["kind"].decode(),
        "plan_digest": run["plan_digest"].decode(),
        "outcome": _outcome(tables),
        "ranks": len(tables["ranks"]),
        "hosts": len(tables["hosts"]),
        "training": _training(plan, tables),
        "datagen": _datagen(tables),
        "calibration": _calibration(plan, tables),
        "latency_us": _latencies(tables),
        "phases": _phases(tables),
        "clock_drift": _clock_drift(tables),
        "sampler": _sampler(tables),
    }


def _outcome(tables: Tables) -> str:
    rows = tables["outcome"]
    return rows["outcome"][-1].decode() if len(rows) else "unfinished"


def _training(plan: Plan, tables: Tables) -> dict[str, Any] | None:
    records = metrics.rank_epochs(plan, tables)
    if not records:
        return None
    epochs = metrics.utilization(records, plan.workload.reader.batch_size)
    spans = [
        metrics.epoch_span_ns([r for r in records if r.epoch == e.epoch])
        for e in epochs
    ]
    total_bytes = sum(r.delivered_bytes for r in records)
    total_samples = sum(r.samples for r in records)
    slowest = min(epochs, key=lambda e: e.slowest_rules_percent)
    return {
        "epochs": [_epoch(e, records) for e in epochs],
        "au_rules_percent": metrics.mean([e.rules_percent for e in epochs]),
        "au_dlio_percent": metrics.mean([e.dlio_percent for e in epochs]),
        "au_slowest_rank_percent": slowest.slowest_rules_percent,
        "slowest_rank": slowest.slowest_rank,
        "slowest_epoch": slowest.epoch,
        "dlio_v2_samples_per_s": metrics.mean(
            [e.dlio_v2_samples_per_s for e in epochs]
        ),
        "dlio_v3_samples_per_s": metrics.mean(
            [e.dlio_v3_samples_per_s for e in epochs]
        ),
        "delivered_bytes": total_bytes,
        "samples": total_samples,
        "bytes_per_s": metrics.rate_per_s(total_bytes, sum(spans)),
        "samples_per_s": metrics.rate_per_s(total_samples, sum(spans)),
        "oversleep_percent": metrics.oversleep_percent(records),
        "attribution": _attribution(together(r.parts for r in records)),
        "attribution_of_ranks": _attribution_of_ranks(records),
        "waited_for": _waited_for(tables),
    }


def _epoch(epoch: metrics.EpochUtilization, records: list[RankEpoch]) -> dict[str, Any]:
    ranks = [r for r in records if r.epoch == epoch.epoch]
    span = metrics.epoch_span_ns(ranks)
    return {
        "epoch": epoch.epoch,
        "au_rules_percent": epoch.rules_percent,
        "au_dlio_percent": epoch.dlio_percent,
        "slowest_rank": epoch.slowest_rank,
        "au_slowest_rank_percent": epoch.slowest_rules_percent,
        "duration_s": span / metrics.NS_PER_S,
        "steps": max(r.steps for r in ranks),
        "bytes_per_s": metrics.rate_per_s(sum(r.delivered_bytes for r in ranks), span),
        "wait_s": sum(r.wait_ns for r in ranks) / len(ranks) / metrics.NS_PER_S,
        "barrier_s": sum(r.barrier_ns for r in ranks) / len(ranks) / metrics.NS_PER_S,
        "attribution": _attribution(together(r.parts for r in ranks)),
    }


def _attribution(parts: Parts) -> dict[str, Any]:
    """Seconds of all ranks' windows by cause, and their shares."""
    every = {"compute": parts.compute_ns} | parts.causes_ns
    return {
        "seconds": {cause: ns / metrics.NS_PER_S for cause, ns in every.items()},
        "percent": {cause: parts.percent(ns) for cause, ns in every.items()},
    }


def _attribution_of_ranks(records: list[RankEpoch]) -> list[dict[str, Any]]:
    parts: dict[int, list[Parts]] = {}
    for record in records:
        parts.setdefault(record.rank, []).append(record.parts)
    return [
        {"rank": rank} | _attribution(together(parts[rank])) for rank in sorted(parts)
    ]


def _waited_for(tables: Tables) -> list[dict[str, Any]]:
    """Ranks that came last to a barrier, the one that cost the others most first."""
    return [
        {
            "rank": late.rank,
            "steps": late.steps,
            "caused_s": late.caused_ns / metrics.NS_PER_S,
        }
        for late in barriers.late_ranks(tables)
    ]


def _calibration(plan: Plan, tables: Tables) -> dict[str, Any] | None:
    found = find_ceiling(plan, tables["steps"])
    if found is None:
        return None
    return {
        "ceiling_percent": found.percent,
        "slowest_rank": found.slowest_rank,
        "ceiling_slowest_rank_percent": found.slowest_percent,
        "awaited_rank": found.awaited_rank,
        "window_steps": found.window_steps,
        "limited_by": found.limit,
        "lost_percent": found.lost_percent,
    }


def _phases(tables: Tables) -> list[dict[str, Any]]:
    return [
        {
            "name": start.name,
            "start_skew_us": start.skew_ns / _NS_PER_US,
            "latest_start_us": start.lateness_ns / _NS_PER_US,
            "latest_rank": start.latest_rank,
        }
        for start in clocks.phase_starts(tables)
    ]


def _clock_drift(tables: Tables) -> dict[str, Any] | None:
    """Drift of the clock that departs fastest from rank 0's."""
    drifts = clocks.drifts(tables)
    if not drifts:
        return None
    most = max(drifts, key=lambda drift: abs(drift.parts_per_million))
    return {
        "rank": most.rank,
        "parts_per_million": most.parts_per_million,
        "error_ppm": most.error_ppm,
    }


def _datagen(tables: Tables) -> dict[str, Any] | None:
    phases = tables["phases"]
    rows = phases[phases["name"] == b"datagen"]
    if not len(rows):
        return None
    offsets = metrics.clock_offsets_ns(tables)
    starts = [int(r["start_ns"]) + offsets.get(int(r["rank"]), 0) for r in rows]
    ends = [int(r["end_ns"]) + offsets.get(int(r["rank"]), 0) for r in rows]
    span = max(ends) - min(starts)
    written = int(rows["delivered_bytes"].sum())
    return {
        "files_written": int(rows["samples"].sum()),
        "written_bytes": written,
        "duration_s": span / metrics.NS_PER_S,
        "bytes_per_s": metrics.rate_per_s(written, span),
    }


def _latencies(tables: Tables) -> dict[str, Any]:
    rows = tables["latency"]
    phases = sorted(set(rows["phase"].tolist()))
    result: dict[str, Any] = {}
    for operation in sorted(set(rows["operation"].tolist())):
        counts = metrics.latency(tables, phases, operation.decode())
        values: dict[str, Any] = {"count": sum(counts.values())}
        for percent in _PERCENTILES:
            value = histogram.percentile_ns(counts, percent)
            values[f"p{percent}"] = None if value is None else value / 1000
        result[operation.decode()] = values
    return result


def _sampler(tables: Tables) -> dict[str, Any] | None:
    rows = tables["process"]
    if not len(rows):
        return None
    order = np.argsort(rows["rank"], kind="stable")
    first = np.unique(rows["rank"][order], return_index=True)[1]
    at, cpu = rows["sampled_at_ns"][order], rows["sampler_cpu_ns"][order]
    cpu_ns = sum(np.maximum.reduceat(cpu, first).tolist())
    seconds_ns = sum(np.maximum.reduceat(at, first).tolist())
    seconds_ns -= sum(np.minimum.reduceat(at, first).tolist())
    return {
        "samples": len(rows),
        "core_percent_per_rank": 100 * cpu_ns / seconds_ns if seconds_ns > 0 else 0.0,
        "peak_rss_bytes": int(rows["peak_rss_bytes"].max()),
    }
