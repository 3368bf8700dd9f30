"""Clocks of ranks against rank 0's: offsets, starts of phases, drift.

Each phase uses the offset that was measured last before it began: clocks drift.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from mlps.evidence.table import StructArray
from mlps.metrics import Tables

PhaseOffsets = dict[tuple[int, int], int]
"""By rank and phase number."""

_MILLION = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseStart:
    """How ranks began a phase: skew is from the first to the last of them.

    Lateness is against the agreed start, on the rank's own clock.
    """

    name: str
    phase: int
    skew_ns: int
    latest_rank: int
    lateness_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How fast a rank's clock departs from rank 0's, first to last measurement.

    It is known to `error_ppm`: the bounds of both offsets over the time between.
    """

    rank: int
    parts_per_million: float
    error_ppm: float


def phase_offsets_ns(tables: Tables) -> PhaseOffsets:
    """Give the offset to rank 0's clock that holds for each rank's phase."""
    own = _measurements(tables["clock"])
    offsets = {}
    for row in tables["phases"]:
        rank = int(row["rank"])
        offsets[rank, int(row["phase"])] = _offset_at(
            own.get(rank, []), int(row["start_ns"])
        )
    return offsets


def phase_starts(tables: Tables) -> list[PhaseStart]:
    """Compare the ranks' starts of each phase, in the order of the phases."""
    offsets = phase_offsets_ns(tables)
    phases: dict[int, list[np.void]] = defaultdict(list)
    for row in tables["phases"]:
        phases[int(row["phase"])].append(row)
    return [_start(number, phases[number], offsets) for number in sorted(phases)]


def drifts(tables: Tables) -> list[Drift]:
    """Drift of every rank that was measured more than once."""
    clock, found = tables["clock"], []
    for rank in np.unique(clock["rank"]).tolist():
        own = np.sort(
            clock[clock["rank"] == rank], order=["sampled_at_ns", "offset_ns"]
        )
        took_ns = int(own["sampled_at_ns"][-1]) - int(own["sampled_at_ns"][0])
        if took_ns > 0:
            apart_ns = int(own["offset_ns"][-1]) - int(own["offset_ns"][0])
            error_ns = int(own["error_ns"][-1]) + int(own["error_ns"][0])
            found.append(
                Drift(
                    rank=rank,
                    parts_per_million=_MILLION * apart_ns / took_ns,
                    error_ppm=_MILLION * error_ns / took_ns,
                )
            )
    return found


def _start(number: int, rows: list[np.void], offsets: PhaseOffsets) -> PhaseStart:
    starts = [int(r["start_ns"]) + offsets[int(r["rank"]), number] for r in rows]
    late = [
        (int(r["start_ns"]) - int(r["agreed_start_ns"]), -int(r["rank"])) for r in rows
    ]
    lateness_ns, rank = max(late)
    return PhaseStart(
        name=rows[0]["name"].decode(errors="replace"),
        phase=number,
        skew_ns=max(starts) - min(starts),
        latest_rank=-rank,
        lateness_ns=lateness_ns,
    )


def _measurements(clock: StructArray) -> dict[int, list[tuple[int, int]]]:
    """Of each rank (when, offset), in the order of time."""
    own: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row in clock:
        own[int(row["rank"])].append((int(row["sampled_at_ns"]), int(row["offset_ns"])))
    return {rank: sorted(measured) for rank, measured in own.items()}


def _offset_at(measured: list[tuple[int, int]], time_ns: int) -> int:
    """Give the last offset measured by then; the first when all came later."""
    before = [offset for at_ns, offset in measured if at_ns <= time_ns]
    if before:
        return before[-1]
    return measured[0][1] if measured else 0
