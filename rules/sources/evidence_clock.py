"""Clocks of the ranks against rank 0's during an epoch, and steps compared by them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlps.evidence.table import StructArray
from rules.evidence_record import ClockBound, Lockstep, WallClock
from rules.sources.evidence_samples import IntArray, Samples, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Add `offset_ns` to a rank's clock to get rank 0's, within `error_ns`."""

    rank: int
    phase: int
    offset_ns: int
    error_ns: int


def corrections(
    clock: StructArray, epochs: Mapping[int, Sequence[Window]]
) -> tuple[tuple[ClockBound, ...], tuple[Correction, ...]]:
    """Give the bound of each rank and epoch, and the correction where there is one.

    Clocks drift apart slowly: the offset lies between those measured before and
    after the epoch. With one of the two alone nobody knows how far they drifted.
    """
    measured, bounds, found = Samples(clock, "rank"), [], []
    for rank, windows in epochs.items():
        rows = measured.of(rank)
        for window in windows:
            correction = _correction(rank, rows, window)
            error_ns = correction.error_ns if correction else None
            bounds.append(ClockBound(rank=rank, phase=window.phase, error_ns=error_ns))
            found += [correction] if correction else []
    return tuple(bounds), tuple(found)


def _correction(rank: int, rows: StructArray, window: Window) -> Correction | None:
    at: IntArray = rows["sampled_at_ns"]
    before = int(np.searchsorted(at, window.start_ns, side="right")) - 1
    after = int(np.searchsorted(at, window.end_ns, side="left"))
    if before < 0 or after >= len(at):
        return None
    around = (before, after)
    pairs = [(int(rows["offset_ns"][p]), int(rows["error_ns"][p])) for p in around]
    least = min(offset - error for offset, error in pairs)
    most = max(offset + error for offset, error in pairs)
    middle = (least + most) // 2
    return Correction(
        rank=rank, phase=window.phase, offset_ns=middle, error_ns=most - middle
    )


def wall_clocks(clock: StructArray, phases: StructArray) -> tuple[WallClock, ...]:
    """Compare the wall clock of each rank with its monotonic one, wherever both are."""
    found = []
    for rank in np.unique(phases["rank"]).tolist():
        own, looks = phases[phases["rank"] == rank], clock[clock["rank"] == rank]
        if len(looks) and looks["error_ns"].min() < 0:
            raise ValueError(f"a clock of rank {rank} is known to less than 0 ns")
        offsets = looks["offset_ns"].tolist() or [0]
        measured = looks["wall_minus_monotonic_ns"]
        apart = np.concatenate([measured, own["wall_start_ns"] - own["start_ns"]])
        started, took = own["wall_start_ns"], own["end_ns"] - own["start_ns"]
        found.append(
            WallClock(
                rank=rank,
                offsets_ns=(min(offsets), max(offsets)),
                least_ns=int(apart.min()),
                most_ns=int(apart.max()),
                first_ns=int(started.min()),
                last_ns=int((started + took).max()),
            )
        )
    return tuple(found)


def lockstep(
    epochs: Mapping[tuple[int, int], StructArray], known: Sequence[Correction]
) -> tuple[Lockstep, ...]:
    """Compare the steps of each epoch over all ranks whose clock is known.

    `epochs` gives the rows of a rank and phase in the order of their steps.
    """
    by_phase: dict[int, list[Correction]] = defaultdict(list)
    for correction in known:
        by_phase[correction.phase].append(correction)
    return tuple(
        _lockstep(phase, epochs, by_phase[phase]) for phase in sorted(by_phase)
    )


def _lockstep(
    phase: int,
    epochs: Mapping[tuple[int, int], StructArray],
    ranks: Sequence[Correction],
) -> Lockstep:
    steps = min(len(epochs[c.rank, phase]) for c in ranks)
    # Of each step: the earliest end of any rank, the latest start of any rank.
    ended = np.full(steps, np.iinfo(np.int64).max)
    begun = np.full(steps, np.iinfo(np.int64).min)
    leader, follower = np.zeros(steps, np.int64), np.zeros(steps, np.int64)
    latest_end = begun.copy()
    for c in ranks:
        rows = epochs[c.rank, phase][:steps]
        start = rows["start_ns"] + c.offset_ns
        end = start + rows["wait_ns"] + rows["compute_ns"] + rows["barrier_ns"]
        leader[end + c.error_ns < ended] = c.rank
        ended = np.minimum(ended, end + c.error_ns)
        follower[start - c.error_ns > begun] = c.rank
        begun = np.maximum(begun, start - c.error_ns)
        latest_end = np.maximum(latest_end, end + c.error_ns)
    apart = begun - ended
    worst = int(np.argmax(apart)) if steps else 0
    return Lockstep(
        phase=phase,
        steps=steps,
        apart_ns=int(apart[worst]) if steps else 0,
        step=worst,
        leader=int(leader[worst]) if steps else 0,
        follower=int(follower[worst]) if steps else 0,
        spread_ns=int((latest_end - ended).max()) if steps else 0,
    )
