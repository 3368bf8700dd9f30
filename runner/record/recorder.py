"""What a rank records in the timed region: appended rows, nothing computed.

Rows go into lists of tuples and become arrays when a frame is taken, about once
a second; durations become log-linear histograms there, too.
"""

import time
from collections.abc import Sequence

import numpy as np

from mlps import histogram
from mlps.evidence import BY_NAME
from mlps.evidence.table import StructArray

Frame = dict[str, StructArray]
Row = tuple[object, ...]


class Recorder:
    """Rows of one rank since the last frame. Used by its main thread only."""

    def __init__(self, rank: int) -> None:
        """Start empty."""
        self._rank = rank
        self._rows: dict[str, list[Row]] = {}
        self._arrays: list[tuple[str, StructArray]] = []
        self._durations: dict[str, list[int]] = {}
        self._phase = 0
        self._interval_start_ns = time.monotonic_ns()

    def begin_phase(self, phase: int) -> None:
        """Attribute what follows to this phase."""
        self._fold_durations()
        self._phase = phase

    def row(self, table: str, *values: object) -> None:
        """Record one row; values in the order of the table's columns."""
        self._rows.setdefault(table, []).append(values)

    def rows(self, table: str, rows: StructArray) -> None:
        """Record rows that are an array already."""
        self._arrays.append((table, rows))

    def durations(self, operation: str, durations_ns: list[int]) -> None:
        """Record durations of completed operations."""
        self._durations.setdefault(operation, []).extend(durations_ns)

    def event(self, severity: str, subject: str, message: str) -> None:
        """Record something worth telling."""
        self.row("events", self._rank, time.monotonic_ns(), severity, subject, message)

    def take(self) -> Frame:
        """Return all rows since the last call as arrays, and start anew."""
        self._fold_durations()
        frame = {name: to_rows(name, rows) for name, rows in self._rows.items()}
        for name, rows in self._arrays:
            frame[name] = np.concatenate([frame[name], rows]) if name in frame else rows
        self._rows, self._arrays = {}, []
        return frame

    def _fold_durations(self) -> None:
        now_ns = time.monotonic_ns()
        for operation, values in self._durations.items():
            buckets = histogram.bucket_of(np.array(values, dtype=np.int64))
            found, counts = np.unique(buckets, return_counts=True)
            for bucket, count in zip(found.tolist(), counts.tolist(), strict=True):
                self.row(
                    "latency",
                    self._rank,
                    self._phase,
                    operation,
                    self._interval_start_ns,
                    bucket,
                    count,
                )
        self._durations = {}
        self._interval_start_ns = now_ns


def to_rows(table: str, rows: Sequence[Row]) -> StructArray:
    """Rows as the table's dtype; text is encoded and cut to the column."""
    dtype = BY_NAME[table].dtype
    encoded = [
        tuple(v.encode() if isinstance(v, str) else v for v in row) for row in rows
    ]
    return np.array(encoded, dtype=dtype)
