"""Epochs and ranks of a run: utilization, rates, and where the time went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlps import metrics
from mlps.evidence.table import StructArray
from mlps.metrics import NS_PER_S, RankEpoch, Tables
from mlps.plan import Plan
from rules.report.view import EpochView, RankView, Split

Causes = Mapping[tuple[int, int], tuple[int, int]]
"""By rank and epoch."""

_QUANTILES = (0.05, 0.5, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rank ran."""

    node: int
    hostname: str


def places(tables: Tables) -> dict[int, Place]:
    """Host of each rank."""
    names = {
        int(row["node"]): bytes(row["hostname"]).decode(errors="replace")
        for row in tables["hosts"]
    }
    return {
        int(row["rank"]): Place(int(row["node"]), names.get(int(row["node"]), ""))
        for row in tables["ranks"]
    }


def causes(steps: StructArray) -> Causes:
    """Of each rank's epoch: ns of waiting for storage, and without a CPU."""
    order = np.lexsort((steps["epoch"], steps["rank"]))
    steps = steps[order]
    same = (np.diff(steps["rank"]) == 0) & (np.diff(steps["epoch"]) == 0)
    parts = np.split(steps, np.flatnonzero(~same) + 1) if len(steps) else []
    return {
        (int(own["rank"][0]), int(own["epoch"][0])): (
            int(own["wait_storage_ns"].sum()),
            int(own["wait_starved_ns"].sum()),
        )
        for own in parts
    }


def split(records: Sequence[RankEpoch], known: Causes) -> Split:
    """Add up where the time of ranks went; the rest is between and around steps."""
    parts = [known.get((r.rank, r.epoch), (0, 0)) for r in records]
    storage, starved = (sum(part[n] for part in parts) for n in (0, 1))
    compute = sum(r.compute_ns for r in records)
    wait = sum(r.wait_ns for r in records)
    barrier = sum(r.barrier_ns for r in records)
    whole = sum(r.end_ns - r.start_ns for r in records)
    return Split(
        compute_s=compute / NS_PER_S,
        wait_s=wait / NS_PER_S,
        storage_s=storage / NS_PER_S,
        starved_s=starved / NS_PER_S,
        client_s=(wait - storage - starved) / NS_PER_S,
        barrier_s=barrier / NS_PER_S,
        rest_s=max(whole - compute - wait - barrier, 0) / NS_PER_S,
    )


def epochs(
    plan: Plan, records: Sequence[RankEpoch], known: Causes
) -> tuple[EpochView, ...]:
    """One view of each epoch."""
    batch = plan.workload.reader.batch_size
    return tuple(
        _epoch(found, [r for r in records if r.epoch == found.epoch], known)
        for found in metrics.utilization(records, batch)
    )


def _epoch(
    found: metrics.EpochUtilization, ranks: Sequence[RankEpoch], known: Causes
) -> EpochView:
    span_ns = metrics.epoch_span_ns(ranks)
    return EpochView(
        epoch=found.epoch,
        rules_percent=found.rules_percent,
        dlio_percent=found.dlio_percent,
        slowest_rank=found.slowest_rank,
        slowest_percent=found.slowest_rules_percent,
        fastest_percent=max(_percent([r]) for r in ranks),
        duration_s=span_ns / NS_PER_S,
        steps=max(r.steps for r in ranks),
        samples_per_s=metrics.rate_per_s(sum(r.samples for r in ranks), span_ns),
        bytes_per_s=metrics.rate_per_s(sum(r.delivered_bytes for r in ranks), span_ns),
        split=split(ranks, known),
    )


def _percent(records: Sequence[RankEpoch]) -> float:
    """Utilization by the rules over the windows of all records together."""
    window = sum(r.window_ns for r in records)
    asked = sum(r.window_requested_ns for r in records)
    return 100 * asked / window if window > 0 else 0.0


def ranks(
    tables: Tables, records: Sequence[RankEpoch], known: Causes
) -> tuple[RankView, ...]:
    """One view of each rank, over all its epochs."""
    homes = places(tables)
    waits = _waits(tables["steps"])
    mine: dict[int, list[RankEpoch]] = {}
    for record in records:
        mine.setdefault(record.rank, []).append(record)
    return tuple(
        _rank(
            homes.get(rank, Place(-1, "")),
            mine[rank],
            waits[rank],
            split(mine[rank], known),
        )
        for rank in sorted(mine)
        if rank in waits
    )


def _waits(steps: StructArray) -> Mapping[int, Sequence[float]]:
    order = np.argsort(steps["rank"], kind="stable")
    known, first = np.unique(steps["rank"][order], return_index=True)
    parts = np.split(steps["wait_ns"][order], first[1:]) if known.size else []
    return {
        int(rank): np.quantile(part, _QUANTILES).tolist()
        for rank, part in zip(known, parts, strict=True)
    }


def _rank(
    home: Place,
    records: Sequence[RankEpoch],
    waits_ns: Sequence[float],
    spent: Split,
) -> RankView:
    p5, p50, p95, longest = (value / NS_PER_S for value in waits_ns)
    return RankView(
        rank=records[0].rank,
        node=home.node,
        hostname=home.hostname,
        rules_percent=_percent(records),
        steps=sum(r.steps for r in records),
        delivered_bytes=sum(r.delivered_bytes for r in records),
        split=spent,
        wait_p5_s=p5,
        wait_p50_s=p50,
        wait_p95_s=p95,
        wait_max_s=longest,
    )
