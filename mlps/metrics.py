"""From recorded rows to numbers: pure, integer until the last division.

Used by the live view, the summary and the rules, so that they can't disagree.
Utilization definitions (rules 3.3.2; DLIO statscounter of the editions named):

The window of a rank's epoch leaves out the first and last steps the plan names.

* `rules`: nominal compute of the window's steps over their time, from the start
  of the first to the end of the last (wait, compute and barrier).
* `dlio`: measured compute of the same steps over the epoch's time minus wait and
  compute, but not barrier, of the steps left out: as DLIO of all editions does. A
  busy client that oversleeps raises this one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np
import numpy.typing as npt

from mlps import histogram
from mlps.attribution import Parts, parts_of
from mlps.evidence.table import StructArray
from mlps.plan import Plan

NS_PER_S = 1_000_000_000
_DLIO_V2_STEPS_LEFT_OUT = 2

Tables = Mapping[str, StructArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankEpoch:
    """One rank's epoch: integers as recorded; `parts` is where the window went."""

    rank: int
    epoch: int
    steps: int
    window_steps: int
    window_ns: int
    dlio_window_ns: int
    window_compute_ns: int
    window_requested_ns: int
    wait_ns: int
    compute_ns: int
    requested_ns: int
    barrier_ns: int
    samples: int
    delivered_bytes: int
    start_ns: int
    end_ns: int
    parts: Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochUtilization:
    """One epoch over all ranks, in percent and samples per second."""

    epoch: int
    rules_percent: float
    dlio_percent: float
    slowest_rank: int
    slowest_rules_percent: float
    dlio_v2_samples_per_s: float
    dlio_v3_samples_per_s: float


def clock_offsets_ns(tables: Tables) -> dict[int, int]:
    """Offset of each rank to rank 0: of its measurements the least uncertain."""
    best: dict[int, tuple[int, int]] = {}
    for row in tables["clock"]:
        rank, error = int(row["rank"]), int(row["error_ns"])
        if rank not in best or error < best[rank][0]:
            best[rank] = (error, int(row["offset_ns"]))
    return {rank: offset for rank, (_, offset) in best.items()}


def rank_epochs(plan: Plan, tables: Tables) -> list[RankEpoch]:
    """Reduce steps to one record per rank and finished epoch, in that order."""
    offsets = clock_offsets_ns(tables)
    phases = tables["phases"]
    steps = tables["steps"]
    order = np.lexsort((steps["step"], steps["phase"], steps["rank"]))
    steps = steps[order]
    keys = steps["rank"] * 2**32 + steps["phase"]
    records = []
    for phase in phases[phases["epoch"] > 0]:
        rank = int(phase["rank"])
        key = rank * 2**32 + int(phase["phase"])
        first, last = np.searchsorted(keys, [key, key + 1])
        offset = offsets.get(rank, 0)
        records.append(_rank_epoch(plan, phase, steps[first:last], offset))
    return sorted(records, key=lambda r: (r.epoch, r.rank))


def _rank_epoch(
    plan: Plan, phase: np.void, steps: StructArray, offset_ns: int
) -> RankEpoch:
    window = window_of(plan, steps)
    nominal_ns = nominal_compute_ns(plan)
    busy = _sum(steps, "wait_ns") + _sum(steps, "compute_ns")
    busy_inside = _sum(window, "wait_ns") + _sum(window, "compute_ns")
    duration = int(phase["end_ns"]) - int(phase["start_ns"])
    return RankEpoch(
        rank=int(phase["rank"]),
        epoch=int(phase["epoch"]),
        steps=len(steps),
        window_steps=len(window),
        window_ns=busy_inside + _sum(window, "barrier_ns"),
        dlio_window_ns=duration - (busy - busy_inside),
        window_compute_ns=_sum(window, "compute_ns"),
        window_requested_ns=nominal_ns * len(window),
        wait_ns=_sum(steps, "wait_ns"),
        compute_ns=_sum(steps, "compute_ns"),
        requested_ns=nominal_ns * len(steps),
        barrier_ns=_sum(steps, "barrier_ns"),
        samples=_sum(steps, "samples"),
        delivered_bytes=_sum(steps, "delivered_bytes"),
        start_ns=int(phase["start_ns"]) + offset_ns,
        end_ns=int(phase["end_ns"]) + offset_ns,
        parts=parts_of(window, nominal_ns),
    )


def window_of(plan: Plan, steps: StructArray) -> StructArray:
    """Cut one rank's steps, in their order, to those that count."""
    metric = plan.workload.metric
    end = max(len(steps) - metric.exclude_end_steps, metric.exclude_start_steps)
    return steps[metric.exclude_start_steps : end]


def nominal_compute_ns(plan: Plan) -> int:
    """Emulated compute of one step, as the plan asks for it."""
    return round(plan.workload.train.computation_time_s * NS_PER_S)


def utilization(
    records: Sequence[RankEpoch], batch_size: int
) -> list[EpochUtilization]:
    """Utilization and DLIO throughput of each epoch; mean and slowest rank."""
    epochs: dict[int, list[RankEpoch]] = {}
    for record in records:
        epochs.setdefault(record.epoch, []).append(record)
    return [_epoch(epoch, epochs[epoch], batch_size) for epoch in sorted(epochs)]


def _epoch(epoch: int, ranks: Sequence[RankEpoch], batch_size: int) -> EpochUtilization:
    rules = [_percent(r.window_requested_ns, r.window_ns) for r in ranks]
    slowest = min(range(len(ranks)), key=lambda i: (rules[i], ranks[i].rank))
    return EpochUtilization(
        epoch=epoch,
        rules_percent=mean(rules),
        dlio_percent=mean(
            [_percent(r.window_compute_ns, r.dlio_window_ns) for r in ranks]
        ),
        slowest_rank=ranks[slowest].rank,
        slowest_rules_percent=rules[slowest],
        dlio_v2_samples_per_s=fsum(
            _rate(
                max(r.steps - _DLIO_V2_STEPS_LEFT_OUT, 0) * batch_size, r.dlio_window_ns
            )
            for r in ranks
        ),
        dlio_v3_samples_per_s=fsum(
            _rate(r.window_steps * batch_size, r.dlio_window_ns) for r in ranks
        ),
    )


def epoch_span_ns(records: Sequence[RankEpoch]) -> int:
    """First start to last end of one epoch's ranks, on rank 0's clock."""
    return max(r.end_ns for r in records) - min(r.start_ns for r in records)


def oversleep_percent(records: Sequence[RankEpoch]) -> float:
    """Emulated compute beyond what was asked for, in percent of it."""
    asked = sum(r.requested_ns for r in records)
    return _percent(sum(r.compute_ns for r in records) - asked, asked)


def latency(tables: Tables, phases: Sequence[int], operation: str) -> dict[int, int]:
    """Merge one operation's histograms of all ranks over the phases."""
    rows = tables["latency"]
    rows = rows[rows["operation"] == operation.encode()]
    rows = rows[np.isin(rows["phase"], list(phases))]
    return histogram.merge(rows["bucket"], rows["count"])


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean, exactly summed; 0 for no values."""
    return fsum(values) / len(values) if values else 0.0


def rate_per_s(amount: int, duration_ns: int) -> float:
    """Amount per second; 0 when no time passed."""
    return _rate(amount, duration_ns)


def _rate(amount: int, duration_ns: int) -> float:
    return amount * NS_PER_S / duration_ns if duration_ns > 0 else 0.0


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole > 0 else 0.0


def _sum(rows: StructArray, column: str) -> int:
    values: npt.NDArray[np.int64] = rows[column]
    return int(values.sum())
