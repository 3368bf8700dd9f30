"""Waiting of each rank in each step as a bounded table of cells."""

import numpy as np

from mlps.evidence.table import StructArray
from mlps.metrics import NS_PER_S
from rules.report.series import FloatArray, IntArray, optional
from rules.report.view import Heat

MOST_ROWS = 96
MOST_COLUMNS = 400
_EPOCH = 2**32


def heat(steps: StructArray) -> Heat | None:
    """Cells of all steps; of those that share a cell the longest wait is kept."""
    if not len(steps):
        return None
    key = steps["epoch"] * _EPOCH + steps["step"]
    columns, column = np.unique(key, return_inverse=True)
    ranks, row = np.unique(steps["rank"], return_inverse=True)
    column = _shared(column, len(columns), MOST_COLUMNS)
    row = _shared(row, len(ranks), MOST_ROWS)
    cells = np.full((int(row.max()) + 1, int(column.max()) + 1), -1.0)
    np.maximum.at(cells, (row, column), steps["wait_ns"] / NS_PER_S)
    cells[cells < 0] = np.nan
    return Heat(
        ranks=len(ranks),
        steps=len(columns),
        cells=tuple(_row(line) for line in cells),
        epoch_columns=_epoch_columns(columns),
    )


def _epoch_columns(columns: IntArray) -> tuple[tuple[int, int], ...]:
    """Epochs and their first columns; of epochs that share one, the first."""
    epochs, first = np.unique(columns // _EPOCH, return_index=True)
    place, chosen = np.unique(
        _shared(first, len(columns), MOST_COLUMNS), return_index=True
    )
    return tuple(zip(epochs[chosen].tolist(), place.tolist(), strict=True))


def _shared(place: IntArray, count: int, limit: int) -> IntArray:
    """Squeeze places 0..count-1 into at most `limit` ones."""
    return place * limit // count if count > limit else place


def _row(line: FloatArray) -> tuple[float | None, ...]:
    return tuple(optional(value) for value in line.tolist())
