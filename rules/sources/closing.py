"""Pairs each closing record with what the step rows of its phase add up to."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mlps.evidence.table import StructArray
from rules.record import Closing

_TIMES = ("wait_ns", "compute_ns", "barrier_ns")
_SUMMED = ("samples", "delivered_bytes", *_TIMES)
_NOTHING = (0,) * (2 + len(_SUMMED))

IntArray = npt.NDArray[np.int64]


def closings(
    phases: StructArray, steps: StructArray
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
    held = dict(zip(keys.tolist(), sums.tolist(), strict=True))
    closed = tuple(
        _closing(row, held.get(key, _NOTHING))
        for key, row in zip(_key(phases).tolist(), phases, strict=True)
    )
    return closed, _strays(phases, steps)


def _closing(row: np.void, held: Sequence[int]) -> Closing:
    rows, samples, size, wait_ns, compute_ns, barrier_ns, least_ns = held
    return Closing(
        rank=int(row["rank"]),
        phase=int(row["phase"]),
        outcome=bytes(row["outcome"]).decode(errors="replace"),
        duration_ns=int(row["end_ns"]) - int(row["start_ns"]),
        steps=int(row["steps"]),
        samples=int(row["samples"]),
        delivered_bytes=int(row["delivered_bytes"]),
        step_rows=rows,
        step_samples=samples,
        step_bytes=size,
        step_ns=wait_ns + compute_ns + barrier_ns,
        least_ns=least_ns,
    )


def _strays(phases: StructArray, steps: StructArray) -> int:
    """Count step rows whose rank, phase and epoch no closing record has."""
    closed = set(zip(_key(phases).tolist(), phases["epoch"].tolist(), strict=True))
    places = np.stack([_key(steps), steps["epoch"]], axis=1)
    changes = np.any(places[1:] != places[:-1], axis=1)
    firsts = np.flatnonzero(np.concatenate([[True], changes]))[: len(steps)]
    counts = np.diff(np.concatenate([firsts, [len(steps)]]))
    return sum(
        count
        for first, count in zip(firsts.tolist(), counts.tolist(), strict=True)
        if tuple(places[first].tolist()) not in closed
    )


def _key(rows: StructArray) -> IntArray:
    rank, phase = rows["rank"], rows["phase"]
    for column in (rank, phase):
        if len(rows) and not 0 <= int(column.min()) <= int(column.max()) < 2**31:
            raise ValueError(f"a rank or phase is {int(column.min())}")
    key: IntArray = rank * 2**32 + phase
    return key
