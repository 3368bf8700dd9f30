"""One time axis for a run: seconds on rank 0's clock since its first record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlps import metrics
from mlps.evidence.table import StructArray
from mlps.metrics import NS_PER_S, Tables
from rules.report.series import FloatArray
from rules.report.view import PhaseSpan

MOST_PHASES = 1000
"""More than any plan has; a report of more would never end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Turns times of ranks and hosts into seconds of the run.

    `node_ranks` is the rank that samples for a host: its lowest.
    """

    origin_ns: float
    end_s: float
    offsets_ns: Mapping[int, int]
    node_ranks: Mapping[int, int]
    phases: tuple[PhaseSpan, ...]
    phase_numbers: tuple[int, ...]

    def phase(self, number: int, times_s: FloatArray) -> PhaseSpan:
        """Span of a phase; of one that was never closed, the times seen in it."""
        if number in self.phase_numbers:
            return self.phases[self.phase_numbers.index(number)]
        start, end = float(times_s.min()), float(times_s.max())
        return PhaseSpan(name="", epoch=0, start_s=start, end_s=end)

    def rank_s(
        self, ranks: npt.NDArray[np.int64], time_ns: npt.NDArray[np.int64]
    ) -> FloatArray:
        """Seconds of the run at times of the ranks' own clocks."""
        return _seconds(_corrected(ranks, time_ns, self.offsets_ns), self.origin_ns)

    def node_s(self, node: int, time_ns: npt.NDArray[np.int64]) -> FloatArray:
        """Seconds of the run at times one host sampled."""
        offset = self.offsets_ns.get(self.node_ranks.get(node, 0), 0)
        return _seconds(time_ns.astype(np.float64) + offset, self.origin_ns)


def timeline(tables: Tables) -> Timeline:
    """Lay out a run: the axis covers its phases and all looks of its ranks."""
    offsets = metrics.clock_offsets_ns(tables)
    phases = tables["phases"]
    starts = _corrected(phases["rank"], phases["start_ns"], offsets)
    ends = _corrected(phases["rank"], phases["end_ns"], offsets)
    node_ranks = _node_ranks(tables["ranks"])
    process = tables["process"]
    looks = _corrected(process["rank"], process["sampled_at_ns"], offsets)
    every = np.concatenate([starts, ends, looks])
    origin = float(every.min()) if every.size else 0.0
    return Timeline(
        origin_ns=origin,
        end_s=(float(every.max()) - origin) / NS_PER_S if every.size else 0.0,
        offsets_ns=offsets,
        node_ranks=node_ranks,
        phases=_spans(phases, _seconds(starts, origin), _seconds(ends, origin)),
        phase_numbers=tuple(np.unique(phases["phase"]).tolist()),
    )


def _node_ranks(ranks: StructArray) -> dict[int, int]:
    lowest: dict[int, int] = {}
    for row in np.sort(ranks, order="rank")[::-1]:
        lowest[int(row["node"])] = int(row["rank"])
    return lowest


def _corrected(
    ranks: npt.NDArray[np.int64],
    time_ns: npt.NDArray[np.int64],
    offsets_ns: Mapping[int, int],
) -> FloatArray:
    known, place = np.unique(ranks, return_inverse=True)
    shifts = [float(offsets_ns.get(int(rank), 0)) for rank in known]
    return time_ns.astype(np.float64) + np.array(shifts, dtype=np.float64)[place]


def _seconds(time_ns: FloatArray, origin_ns: float) -> FloatArray:
    return (time_ns - origin_ns) / NS_PER_S


def _spans(
    phases: StructArray, starts_s: FloatArray, ends_s: FloatArray
) -> tuple[PhaseSpan, ...]:
    numbers = np.unique(phases["phase"])
    if numbers.size > MOST_PHASES:
        raise ValueError(f"{numbers.size} phases, more than {MOST_PHASES}")
    spans = []
    for number in numbers:
        mine = phases["phase"] == number
        row = phases[mine][0]
        spans.append(
            PhaseSpan(
                name=bytes(row["name"]).decode(errors="replace"),
                epoch=int(row["epoch"]),
                start_s=float(starts_s[mine].min()),
                end_s=float(ends_s[mine].max()),
            )
        )
    return tuple(spans)


def inside(spans: Sequence[PhaseSpan], time_s: FloatArray) -> npt.NDArray[np.bool_]:
    """Tell which times lie in one of the spans."""
    found = np.zeros(time_s.shape, dtype=np.bool_)
    for span in spans:
        found |= (time_s >= span.start_s) & (time_s <= span.end_s)
    return found
