"""Where the time of steps went: compute, waiting by cause, oversleep, barrier.

A rank records of each wait how long a reader was in a read (storage) and how long
readers could run but had no CPU (starved). What is left of the wait the client
spent itself: decoding, bookkeeping, handing over.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlps.evidence.table import StructArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Time of steps by cause; the parts add up to all of it.

    `compute_ns` is what was asked for, `oversleep_ns` what came on top.
    """

    compute_ns: int
    storage_ns: int
    client_ns: int
    starved_ns: int
    barrier_ns: int
    oversleep_ns: int

    @property
    def total_ns(self) -> int:
        """Time of the steps."""
        return self.compute_ns + self.lost_ns

    @property
    def lost_ns(self) -> int:
        """Time of the steps that was not compute."""
        return sum(self.causes_ns.values())

    @property
    def causes_ns(self) -> dict[str, int]:
        """What was not compute, by cause."""
        return {
            "storage": self.storage_ns,
            "client": self.client_ns,
            "starved": self.starved_ns,
            "barrier": self.barrier_ns,
            "oversleep": self.oversleep_ns,
        }

    @property
    def own_causes_ns(self) -> dict[str, int]:
        """What a rank lost by itself: not waiting for others in the barrier."""
        return {k: ns for k, ns in self.causes_ns.items() if k != "barrier"}

    def percent(self, part_ns: int) -> float:
        """Express a part in percent of the steps' time; 0 when there were none."""
        return 100 * part_ns / self.total_ns if self.total_ns > 0 else 0.0


def parts_of(steps: StructArray, nominal_ns: int) -> Parts:
    """Sum up rows of the table steps; each was to compute for `nominal_ns`."""
    storage, starved = _sum(steps, "wait_storage_ns"), _sum(steps, "wait_starved_ns")
    requested = nominal_ns * len(steps)
    return Parts(
        compute_ns=requested,
        storage_ns=storage,
        client_ns=_sum(steps, "wait_ns") - storage - starved,
        starved_ns=starved,
        barrier_ns=_sum(steps, "barrier_ns"),
        oversleep_ns=_sum(steps, "compute_ns") - requested,
    )


def together(parts: Iterable[Parts]) -> Parts:
    """Add up several ranks or epochs."""
    every = list(parts)
    return Parts(
        compute_ns=sum(p.compute_ns for p in every),
        storage_ns=sum(p.storage_ns for p in every),
        client_ns=sum(p.client_ns for p in every),
        starved_ns=sum(p.starved_ns for p in every),
        barrier_ns=sum(p.barrier_ns for p in every),
        oversleep_ns=sum(p.oversleep_ns for p in every),
    )


def _sum(rows: StructArray, column: str) -> int:
    values: npt.NDArray[np.int64] = rows[column]
    return int(values.sum())
