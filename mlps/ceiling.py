"""The client's own ceiling: utilization of steps that get their bytes from memory.

The same ranks, threads, batches and compute as in an epoch, but no storage: no
storage could give this client more. What it loses has other causes.
"""

from dataclasses import dataclass

import numpy as np

from mlps import metrics
from mlps.attribution import Parts, parts_of, together
from mlps.evidence.table import StructArray
from mlps.plan import Plan

LIMITS = {
    "storage": "memory",
    "client": "step overhead",
    "starved": "no CPU for readers",
    "barrier": "barrier",
    "oversleep": "oversleep of compute",
}
"""Causes of lost time as a calibration calls them: its only storage is memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """Utilization by the rules, as of an epoch, and what the rest went to.

    `percent` is the mean over ranks, as a target is judged; `awaited_rank` is the one
    the others waited for most; `parts` are of the windows of all ranks.
    """

    percent: float
    slowest_rank: int
    slowest_percent: float
    awaited_rank: int
    window_steps: int
    parts: Parts

    @property
    def lost_percent(self) -> dict[str, float]:
        """Lost time by what limits, in percent of the window, the largest first."""
        lost = {
            LIMITS[cause]: self.parts.percent(part_ns)
            for cause, part_ns in self.parts.causes_ns.items()
        }
        return dict(sorted(lost.items(), key=lambda item: -item[1]))

    @property
    def limit(self) -> str:
        """What limits most."""
        return next(iter(self.lost_percent))


def calibration_steps(steps: StructArray) -> StructArray:
    """Pick the steps without storage: they belong to no epoch."""
    found: StructArray = steps[steps["epoch"] == 0]
    return found


def find_ceiling(plan: Plan, steps: StructArray) -> Ceiling | None:
    """Find the ceiling in the table steps; None without steps of compute that count."""
    steps = calibration_steps(steps)
    steps = steps[np.lexsort((steps["step"], steps["rank"]))]
    nominal_ns = metrics.nominal_compute_ns(plan)
    ranks, firsts = np.unique(steps["rank"], return_index=True)
    windows = [metrics.window_of(plan, own) for own in np.split(steps, firsts[1:])]
    if not len(ranks) or not nominal_ns or not all(map(len, windows)):
        return None
    parts = [parts_of(window, nominal_ns) for window in windows]
    percents = [p.percent(p.compute_ns) for p in parts]
    slowest = percents.index(min(percents))
    barriers = [p.barrier_ns for p in parts]
    return Ceiling(
        percent=metrics.mean(percents),
        slowest_rank=int(ranks[slowest]),
        slowest_percent=percents[slowest],
        awaited_rank=int(ranks[barriers.index(min(barriers))]),
        window_steps=min(len(window) for window in windows),
        parts=together(parts),
    )
