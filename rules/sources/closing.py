"""Pairs each closing record with what the step rows of its phase add up to."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mlps.evidence.table import StructArray
from rules.record import Closing, Operations

_TIMES = ("wait_ns", "compute_ns", "barrier_ns")
_SUMMED = ("samples", "delivered_bytes", *_TIMES)
_NOTHING = (0,) * (2 + len(_SUMMED))

IntArray = npt.NDArray[np.int64]


def closings(
    phases: StructArray,
    steps: StructArray,
    operations: Mapping[tuple[int, int], Operations],
) -> tuple[tuple[Closing, ...], int]:
    """Give the closing records, and how many step rows belong to none of them."""
    keys, inverse = np.unique(_key(steps), return_inverse=True)
    sums = np.zeros((len(keys), len(_NOTHING)), dtype=np.int64)
    np.add.at(sums[:, 0], inverse, 1)
    for number, column in enumerate(_SUMMED, start=1):
        np.add.at(sums[:, number], inverse, steps[column])
    least = sums[:, -1]
    for column in _TIMES:
        np.minimum.at(least, inverse, steps[column])
    # Only what a closing record asks for becomes an object: step rows are many.
    wanted = _key(phases)
    places = np.searchsorted(keys, wanted)
    known = np.isin(wanted, keys)
    order = np.argsort(inverse, kind="stable")
    edges = np.searchsorted(inverse[order], np.arange(len(keys) + 1))
    closed = []
    for row, idle_ns, place, there in zip(
        phases, _idle_ns(phases), places, known, strict=True
    ):
        held, own = _NOTHING, steps[:0]
        if there:
            held = sums[place].tolist()
            own = steps[order[edges[place] : edges[place + 1]]]
        found = operations.get((int(row["rank"]), int(row["phase"])))
        closed.append(_closing(row, idle_ns, held, _step_fault(row, own), found))
    return tuple(closed), _strays(phases, steps)


def _idle_ns(phases: StructArray) -> list[int]:
    """Of each phase: how long after the end of its rank's phase before it began."""
    ends: dict[int, int] = {}
    idle = [0] * len(phases)
    for place in np.lexsort((phases["phase"], phases["rank"])).tolist():
        row = phases[place]
        rank, start_ns = int(row["rank"]), int(row["start_ns"])
        idle[place] = start_ns - ends.get(rank, 0)
        ends[rank] = int(row["end_ns"])
    return idle


def _step_fault(phase: np.void, steps: StructArray) -> str:
    """Say which step of a phase is not the next, or begins before the last ended."""
    own = steps[np.argsort(steps["step"], kind="stable")]
    odd = np.flatnonzero(own["step"] != np.arange(len(own)))
    if len(odd):
        return f"step {int(own['step'][odd[0]])} in place of step {int(odd[0])}"
    took = own["wait_ns"] + own["compute_ns"] + own["barrier_ns"]
    ended = np.append(phase["start_ns"], own["start_ns"] + took)
    begun = np.append(own["start_ns"], phase["end_ns"])
    # Sums of absurd times wrap around; a start beyond the end does not.
    early = np.flatnonzero((ended > begun) | (begun > phase["end_ns"]))
    if not len(own) or not len(early):
        return ""
    step = int(early[0])
    what = f"step {step} that begins" if step < len(own) else "an end"
    return f"{what} before the end of what was before it"


def _closing(
    row: np.void,
    idle_ns: int,
    held: Sequence[int],
    step_fault: str,
    operations: Operations | None,
) -> Closing:
    rows, samples, size, wait_ns, compute_ns, barrier_ns, least_ns = held
    return Closing(
        rank=int(row["rank"]),
        phase=int(row["phase"]),
        name=bytes(row["name"]).decode(errors="replace"),
        epoch=int(row["epoch"]),
        outcome=bytes(row["outcome"]).decode(errors="replace"),
        start_ns=int(row["start_ns"]),
        late_ns=int(row["start_ns"]) - int(row["agreed_start_ns"]),
        idle_ns=idle_ns,
        duration_ns=int(row["end_ns"]) - int(row["start_ns"]),
        steps=int(row["steps"]),
        samples=int(row["samples"]),
        delivered_bytes=int(row["delivered_bytes"]),
        step_rows=rows,
        step_samples=samples,
        step_bytes=size,
        step_ns=wait_ns + compute_ns + barrier_ns,
        least_ns=least_ns,
        step_fault=step_fault,
        operations=operations,
    )


def _strays(phases: StructArray, steps: StructArray) -> int:
    """Count step rows whose rank, phase and epoch no closing record has."""
    keys, epochs = _key(steps), steps["epoch"]
    order = np.lexsort((epochs, keys))
    keys, epochs = keys[order], epochs[order]
    closed = set(zip(_key(phases).tolist(), phases["epoch"].tolist(), strict=True))
    told = 0
    for key, epoch in closed:
        first, last = np.searchsorted(keys, [key, key + 1])
        low, high = np.searchsorted(epochs[first:last], [epoch, epoch + 1])
        told += int(high - low)
    return len(steps) - told


def _key(rows: StructArray) -> IntArray:
    rank, phase = rows["rank"], rows["phase"]
    for column in (rank, phase):
        if len(rows) and not 0 <= int(column.min()) <= int(column.max()) < 2**31:
            raise ValueError(f"a rank or phase is {int(column.min())}")
    key: IntArray = rank * 2**32 + phase
    return key
