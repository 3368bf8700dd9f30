"""Reduces one run's evidence to what a report shows of it."""

import numpy as np

from mlps import barriers, clocks, metrics
from mlps.errors import NotRecordedError
from mlps.evidence.reader import Evidence
from mlps.metrics import Tables
from mlps.plan import PhaseKind, Plan
from rules.record import RunRecord
from rules.report import latency, throughput
from rules.report.cached import cached
from rules.report.epochs import causes, epochs, ranks, split
from rules.report.heat import heat
from rules.report.hosts import hosts
from rules.report.timeline import Timeline, timeline
from rules.report.view import Awaited, Drift, Event, RunView, Stall, Start

_MOST_EVENTS = 50
_MOST_AWAITED = 8
_CALIBRATION = PhaseKind.CALIBRATION.value.encode()
_BAD_ROWS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def run_view(
    record: RunRecord, evidence: Evidence | None, fault: str, plan: Plan, limit: int
) -> RunView:
    """View of a run with at most `limit` points a series; faults become text."""
    problem = fault or record.evidence_fault
    if record.evidence is not None:
        problem = problem or record.evidence.recompute_fault
    if evidence is None or problem:
        return _bare(record, problem)
    if evidence.chain_head != getattr(record.evidence, "chain_head", ""):
        return _bare(record, "evidence.h5 changed while it was read")
    try:
        with np.errstate(all="ignore"):
            return reduced(record, evidence.tables, plan, limit)
    except (NotRecordedError, *_BAD_ROWS) as error:
        why = " ".join(str(error).split())[:200]
        return _bare(record, f"rows make no sense: {type(error).__name__}: {why}")


def _bare(record: RunRecord, fault: str) -> RunView:
    found = record.evidence
    return RunView(
        where=record.where,
        label=record.label,
        kind=record.kind,
        run_id=record.run_id,
        sealed=record.sealed,
        outcome=found.outcome if found else "",
        fault=fault,
    )


def reduced(record: RunRecord, tables: Tables, plan: Plan, limit: int) -> RunView:
    """Reduce tables that make sense; others raise what arithmetic on them raises."""
    line = timeline(tables)
    told, tables = tables, _without_calibration(tables)
    records = metrics.rank_epochs(plan, tables)
    known = causes(tables["steps"])
    rank_views = ranks(tables, records, known)
    use = record.evidence.utilization if record.evidence else None
    return RunView(
        where=record.where,
        label=record.label,
        kind=record.kind,
        run_id=record.run_id,
        sealed=record.sealed,
        outcome=record.evidence.outcome if record.evidence else "",
        fault="",
        duration_s=line.end_s,
        rules_percent=use.rules_percent if use else None,
        dlio_percent=use.dlio_percent if use else None,
        slowest_percent=use.slowest_percent if use else None,
        slowest_rank=use.slowest_rank if use else None,
        bytes_per_s=use.bytes_per_s if use else _written_per_s(record),
        samples_per_s=use.samples_per_s if use else None,
        phases=line.phases,
        epochs=epochs(plan, records, known),
        ranks=rank_views,
        hosts=hosts(tables, line, rank_views, limit),
        split=split(records, known) if records else None,
        throughput=throughput.panel(
            tables, line, plan.derived.required_bandwidth_bytes_per_s, limit
        ),
        latency=latency.panels(tables, line, limit),
        latency_rows=latency.rows(tables),
        heat=heat(tables["steps"]),
        awaited=_awaited(tables),
        starts=_starts(told),
        drift=_drift(tables),
        cached=cached(record, plan),
        stalls=_stalls(tables, line),
        events=_events(tables, line),
    )


def _without_calibration(tables: Tables) -> Tables:
    """Leave out what was read from memory to find the ceiling: it is no storage."""
    phases, steps, latency_rows = (tables[n] for n in ("phases", "steps", "latency"))
    numbers = np.unique(phases["phase"][phases["name"] == _CALIBRATION])
    return {
        **tables,
        "steps": steps[steps["epoch"] > 0],
        "latency": latency_rows[~np.isin(latency_rows["phase"], numbers)],
    }


def _awaited(tables: Tables) -> tuple[Awaited, ...]:
    """Ranks the others waited for, the costliest first."""
    late = barriers.late_ranks(tables)[:_MOST_AWAITED]
    return tuple(
        Awaited(rank=r.rank, steps=r.steps, caused_s=r.caused_ns / metrics.NS_PER_S)
        for r in late
    )


def _starts(tables: Tables) -> tuple[Start, ...]:
    return tuple(
        Start(
            phase=start.name,
            skew_us=start.skew_ns / 1000,
            latest_rank=start.latest_rank,
            late_us=start.lateness_ns / 1000,
        )
        for start in clocks.phase_starts(tables)
    )


def _drift(tables: Tables) -> Drift | None:
    known = clocks.drifts(tables)
    if not known:
        return None
    most = max(known, key=lambda drift: abs(drift.parts_per_million))
    return Drift(
        rank=most.rank,
        parts_per_million=most.parts_per_million,
        error_ppm=most.error_ppm,
    )


def _stalls(tables: Tables, line: Timeline) -> tuple[Stall, ...]:
    rows = tables["stalls"][:_MOST_EVENTS]
    times = line.rank_s(np.zeros(len(rows), np.int64), rows["time_ns"])
    return tuple(
        Stall(
            rank=int(row["rank"]),
            time_s=float(time_s),
            phase=_text(row["phase"]),
            doing=_text(row["doing"]),
            step=int(row["step"]),
            object=_text(row["object"]),
            stalled_s=int(row["stalled_ns"]) / metrics.NS_PER_S,
            process_state=_text(row["process_state"]),
            wait_channel=_text(row["wait_channel"]),
        )
        for row, time_s in zip(rows, times, strict=True)
    )


def _written_per_s(record: RunRecord) -> float | None:
    numbers = record.evidence.recomputed if record.evidence else None
    datagen = numbers["datagen"] if numbers else None
    return datagen["bytes_per_s"] if datagen else None


def _events(tables: Tables, line: Timeline) -> tuple[Event, ...]:
    rows = tables["events"][:_MOST_EVENTS]
    times = line.rank_s(rows["rank"], rows["time_ns"])
    return tuple(
        Event(
            rank=int(row["rank"]),
            time_s=float(time_s),
            severity=_text(row["severity"]),
            subject=_text(row["subject"]),
            message=_text(row["message"]),
        )
        for row, time_s in zip(rows, times, strict=True)
    )


def _text(value: bytes) -> str:
    return bytes(value).decode(errors="replace")
