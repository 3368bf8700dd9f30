"""Sampled counters around a phase: what they grew by, and where samples are missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mlps.evidence import ABSENT
from mlps.evidence.table import StructArray
from rules.evidence_record import Sampling, Span

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A phase on one clock, in ns."""

    phase: int
    start_ns: int
    end_ns: int


class Samples:
    """Rows of a sampled table, found by rank or node without going through all."""

    def __init__(self, rows: StructArray, owner: str) -> None:
        """Sort by owner and time; rows are copied only when they are asked for."""
        self._rows = rows
        self._order = np.lexsort((rows["sampled_at_ns"], rows[owner]))
        self._owners = rows[owner][self._order]

    def of(self, number: int) -> StructArray:
        """Rows of one owner in the order of their times."""
        first, last = np.searchsorted(self._owners, [number, number + 1])
        return self._rows[self._order[first:last]]


def require_growing(rows: StructArray, owner: str, columns: Sequence[str]) -> None:
    """Refuse counters of one kernel object that go back; ValueError names the first."""
    order = np.lexsort((rows["sampled_at_ns"], rows[owner]))
    same = np.diff(rows[owner][order]) == 0
    for column in columns:
        values = rows[column][order]
        back = np.flatnonzero(same & (values[1:] < values[:-1]))
        if len(back):
            number = int(rows[owner][order[back[0]]])
            raise ValueError(f"{column} of {owner} {number} goes back")


def growth(rows: StructArray, columns: Sequence[str], window: Window) -> Span | None:
    """Give what the sum of counters grew by in the window; None when not recorded.

    `most` is from the last sample before it to the first after it, `least` between
    the first and the last inside it.
    """
    at: IntArray = rows["sampled_at_ns"]
    before = int(np.searchsorted(at, window.start_ns, side="right")) - 1
    after = int(np.searchsorted(at, window.end_ns, side="left"))
    if before < 0 or after >= len(at):
        return None
    inner = (min(before + 1, after), max(after - 1, before))
    edges = [_total(rows, columns, place) for place in (before, after, *inner)]
    first, last, low, high = (-1 if edge is None else edge for edge in edges)
    if min(first, last, low, high) < 0 or last < first:
        return None
    return Span(least=max(high - low, 0), most=last - first)


def _total(rows: StructArray, columns: Sequence[str], place: int) -> int | None:
    values = [int(rows[column][place]) for column in columns]
    return None if ABSENT in values else sum(values)


def joined(spans: Sequence[Span | None]) -> Span | None:
    """Add up what each of several counted; None when one did not."""
    known = [span for span in spans if span is not None]
    if not known or len(known) < len(spans):
        return None
    return Span(least=sum(s.least for s in known), most=sum(s.most for s in known))


def sampling(who: str, at: IntArray, window: Window) -> Sampling:
    """Find the longest gap of sorted sample times inside a window, edges included."""
    first, last = np.searchsorted(at, [window.start_ns, window.end_ns])
    times = [window.start_ns, *at[first:last].tolist(), window.end_ns]
    longest = max(later - earlier for earlier, later in pairwise(times))
    return Sampling(
        who=who, phase=window.phase, samples=len(at), longest_gap_ns=longest
    )
