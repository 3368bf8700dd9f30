"""Who the others waited for: the rank that came to each step's barrier last."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlps.clocks import phase_offsets_ns
from mlps.evidence.table import StructArray
from mlps.metrics import Tables

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LateRank:
    """In how many steps a rank came last, and what it cost the others.

    `caused_ns`: all the others' waiting from their own arrival to that of the last.
    """

    rank: int
    steps: int
    caused_ns: int


def late_ranks(tables: Tables) -> list[LateRank]:
    """List the ranks that came last in a step of an epoch, the costliest first.

    Arrival is the end of compute on rank 0's clock; of a tie the lowest rank is last.
    """
    steps = tables["steps"]
    steps = steps[steps["epoch"] > 0]
    if not len(steps):
        return []
    arrival = _arrivals(tables, steps)
    order = np.lexsort((-steps["rank"], arrival, steps["step"], steps["phase"]))
    steps, arrival = steps[order], arrival[order]
    changes = (np.diff(steps["phase"]) != 0) | (np.diff(steps["step"]) != 0)
    ends = np.append(np.flatnonzero(changes), len(steps) - 1)
    sizes = np.diff(np.append(-1, ends))
    # Waits first, then their sum: arrivals themselves may be too large to add up.
    waited = np.repeat(arrival[ends], sizes) - arrival
    caused = np.add.reduceat(waited, ends + 1 - sizes)
    together = sizes > 1
    ranks, which = np.unique(steps["rank"][ends][together], return_inverse=True)
    totals = np.zeros(len(ranks), np.int64)
    np.add.at(totals, which, caused[together])
    counts = np.bincount(which, minlength=len(ranks))
    found = [
        LateRank(rank=rank, steps=count, caused_ns=total)
        for rank, count, total in zip(
            ranks.tolist(), counts.tolist(), totals.tolist(), strict=True
        )
    ]
    return sorted(found, key=lambda late: (-late.caused_ns, late.rank))


def _arrivals(tables: Tables, steps: StructArray) -> Integers:
    """End of each step's compute, on rank 0's clock."""
    offsets = phase_offsets_ns(tables)
    keys = steps["rank"] * 2**32 + steps["phase"]
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    mine = [
        offsets.get((int(steps["rank"][i]), int(steps["phase"][i])), 0) for i in first
    ]
    arrival: Integers = steps["start_ns"] + steps["wait_ns"] + steps["compute_ns"]
    return arrival + np.array(mine, np.int64)[which]
