"""What of a run is shown: reduced once from its evidence, rendered many ways.

Times are seconds on rank 0's clock since the first thing recorded of the run. A
value that is not recorded is None: a gap, never a zero.
"""

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """What a value is counted in."""

    BYTES = "bytes"
    BYTES_PER_S = "bytes_per_s"
    PERCENT = "percent"
    SECONDS = "s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Values over time; at most as many points as were asked for."""

    name: str
    unit: Unit
    time_s: tuple[float, ...]
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Series of one kind that share their axes.

    `stacked` series share their times, too, and are shown on top of each other.
    `limit` is the natural top of the axis, `target` a value to reach; `absent`
    says why there are no series.
    """

    name: str
    title: str
    unit: Unit
    series: tuple[Series, ...]
    stacked: bool = False
    limit: float | None = None
    target: float | None = None
    target_name: str = ""
    absent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseSpan:
    """From the first rank's start of a phase to the last rank's end; epoch 0: none."""

    name: str
    epoch: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Rank-seconds: emulated compute, waiting for data, for other ranks, the rest.

    Of the waiting for data: storage, no CPU, and what the client spent itself.
    """

    compute_s: float
    wait_s: float
    storage_s: float
    starved_s: float
    client_s: float
    barrier_s: float
    rest_s: float

    @property
    def total_s(self) -> float:
        """All of it."""
        return self.compute_s + self.wait_s + self.barrier_s + self.rest_s


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochView:
    """One epoch over all ranks."""

    epoch: int
    rules_percent: float
    dlio_percent: float
    slowest_rank: int
    slowest_percent: float
    fastest_percent: float
    duration_s: float
    steps: int
    samples_per_s: float
    bytes_per_s: float
    split: Split


@dataclass(frozen=True, slots=True, kw_only=True)
class RankView:
    """One rank over all its epochs; `wait_p*_s` are of its single steps."""

    rank: int
    node: int
    hostname: str
    rules_percent: float
    steps: int
    delivered_bytes: int
    split: Split
    wait_p5_s: float
    wait_p50_s: float
    wait_p95_s: float
    wait_max_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HostView:
    """One host: how its ranks did, and what its kernel counted."""

    node: int
    hostname: str
    ranks: int
    wait_percent: float | None
    worst_rank: int | None
    cpu_busy_percent: float | None
    memory_used_bytes: float | None
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyRow:
    """One operation over a whole run, from merged histograms."""

    operation: str
    count: int
    p50_s: float
    p95_s: float
    p99_s: float
    max_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """Waiting of each rank (row) in each step (column), in seconds.

    Where there are more than fit, a cell is the longest wait of those it stands for;
    `epoch_columns` are the epochs and the columns they begin at.
    """

    ranks: int
    steps: int
    cells: tuple[tuple[float | None, ...], ...]
    epoch_columns: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """A rank that came last to barriers: how often, and what it cost the others."""

    rank: int
    steps: int
    caused_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How the ranks began a phase: from the first to the last of them."""

    phase: str
    skew_us: float
    latest_rank: int
    late_us: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """The clock that departs fastest from rank 0's."""

    rank: int
    parts_per_million: float
    error_ppm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cached:
    """Share of an epoch on one host that came from the page cache, and its range.

    All None where the kernel does not count what the file system fetches: `absent`
    says why.
    """

    phase: str
    node: int
    percent: float | None
    least_percent: float | None
    most_percent: float | None
    absent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """A rank that was silent or did not get on, as it was reported."""

    rank: int
    time_s: float
    phase: str
    doing: str
    step: int
    object: str
    stalled_s: float
    process_state: str
    wait_channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something the runner found worth telling."""

    rank: int
    time_s: float
    severity: str
    subject: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run; everything below `fault` is empty when the evidence can't be read.

    `ceiling_percent`: what the clients of the campaign reach without storage.
    """

    where: str
    label: str
    kind: str
    run_id: str
    sealed: bool
    outcome: str
    fault: str
    duration_s: float = 0.0
    rules_percent: float | None = None
    dlio_percent: float | None = None
    slowest_percent: float | None = None
    slowest_rank: int | None = None
    ceiling_percent: float | None = None
    bytes_per_s: float | None = None
    samples_per_s: float | None = None
    phases: tuple[PhaseSpan, ...] = ()
    epochs: tuple[EpochView, ...] = ()
    ranks: tuple[RankView, ...] = ()
    hosts: tuple[HostView, ...] = ()
    split: Split | None = None
    throughput: Panel | None = None
    latency: tuple[Panel, ...] = ()
    latency_rows: tuple[LatencyRow, ...] = ()
    heat: Heat | None = None
    awaited: tuple[Awaited, ...] = ()
    starts: tuple[Start, ...] = ()
    drift: Drift | None = None
    cached: tuple[Cached, ...] = ()
    stalls: tuple[Stall, ...] = ()
    events: tuple[Event, ...] = ()
