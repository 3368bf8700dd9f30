"""What a run's evidence says about its hosts: reduced to what the rules compare.

Filled by `rules.sources.evidence_*` from one evidence file; plain numbers only.
Times are ns, of one rank's or host's own monotonic clock unless it says otherwise.
"""

from dataclasses import dataclass
from typing import Self

from mlps.errors import NotRecordedError
from mlps.traffic import Medium, medium_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What a counter grew by in a phase: samples at its edges leave a range open."""

    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteFlow:
    """Bytes of one epoch on one host, at each place they were counted.

    `syscall`: rchar of its ranks; `fetched`: their read_bytes; `storage`: the block
    device or NFS mount of the data. None where nothing was recorded. `beside_bytes`
    is the most that can be in `fetched` and not be part of what was delivered.
    """

    node: int
    phase: int
    delivered_bytes: int
    syscall: Span | None
    fetched: Span | None
    storage: Span | None
    beside_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DataMount:
    """Where a host has the data, and what is said to count its reads.

    `disk` is the base name of its source, where that was sampled as a block device.
    """

    node: int
    fs_type: str
    mount_point: str
    source: str
    disk: str
    counted_by: str

    @property
    def export(self) -> str:
        """Source of a network file system, "" for a device of the host."""
        return self.source if ":" in self.source else ""

    @property
    def medium(self) -> Medium:
        """Where this kind of file system keeps bytes."""
        return medium_of(self.fs_type)

    @property
    def counter(self) -> str:
        """Key of what counts its reads; "" for nothing."""
        table, _, key = self.counted_by.partition(" ")
        return key if table in (Medium.DISKS, Medium.NFS) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFlush:
    """A flush of one host's page cache before a phase, and what it left in memory.

    `cached` is the page cache before and after, `drops` the kernel's count of cache
    drops before and after; -1 where the kernel has none. `page_bytes` is the host's.
    """

    node: int
    phase: int
    method: str
    outcome: str
    start_ns: int
    end_ns: int
    cached_bytes: tuple[int, int]
    drops: tuple[int, int]
    sampled_pages: int
    resident_before_pages: int
    resident_pages: int
    page_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseStart:
    """When the first rank of a host began an epoch.

    `before_ns`: when the first of its ranks began the phase before it, if any.
    """

    node: int
    phase: int
    start_ns: int
    before_ns: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockBound:
    """How well a rank's clock is known against rank 0's during an epoch.

    Half the range between the measurements around the epoch; None without any.
    """

    rank: int
    phase: int
    error_ns: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WallClock:
    """A rank's wall clock beside its monotonic one, at clock measurements and phases.

    `least_ns` and `most_ns` are the ends of what wall minus monotonic was found to
    be; `first_ns` and `last_ns` the wall times of its first start and last end.
    `offsets_ns` are the least and the most its clock was found to be off rank 0's.
    """

    rank: int
    offsets_ns: tuple[int, int]
    least_ns: int
    most_ns: int
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """The longest time without a sample in an epoch; `samples` counts the run's."""

    who: str
    phase: int
    samples: int
    longest_gap_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCompute:
    """Emulated compute of a rank's epoch: the shortest step, and what was asked for."""

    rank: int
    phase: int
    least_ns: int
    least_asked_ns: int
    most_asked_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitParts:
    """What a rank waited in the steps of a phase, and of that for what.

    `fault` says which step's causes are not parts of its wait; "" when none.
    """

    rank: int
    phase: int
    wait_ns: int
    storage_ns: int
    starved_ns: int
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lockstep:
    """How far the ranks of an epoch came apart, on rank 0's clock.

    `apart_ns` is the most by which one rank ended a step before another had begun
    it, beyond what both clocks are uncertain by; not above 0 in lockstep.
    `spread_ns`: the most that ends of one barrier differ.
    """

    phase: int
    steps: int
    apart_ns: int
    step: int
    leader: int
    follower: int
    spread_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectIo:
    """Open flags sampled from a rank's data files in a phase."""

    rank: int
    phase: int
    sampled_opens: int
    direct_opens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Passport:
    """The dataset a run adopted, and how much of its content was checked."""

    manifest_digest: str
    files: int
    dataset_bytes: int
    verified_files: int
    verified_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RankShare:
    """Utilization of one rank by the rules, in percent, mean over its epochs."""

    rank: int
    rules_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """All of it; `fault` says why nothing could be made of the rows."""

    fault: str = ""
    flows: tuple[ByteFlow, ...] = ()
    mounts: tuple[DataMount, ...] = ()
    flushes: tuple[HostFlush, ...] = ()
    starts: tuple[PhaseStart, ...] = ()
    clocks: tuple[ClockBound, ...] = ()
    wall_clocks: tuple[WallClock, ...] = ()
    sampling: tuple[Sampling, ...] = ()
    compute: tuple[StepCompute, ...] = ()
    waits: tuple[WaitParts, ...] = ()
    lockstep: tuple[Lockstep, ...] = ()
    direct_io: tuple[DirectIo, ...] = ()
    passport: Passport | None = None
    shares: tuple[RankShare, ...] = ()

    def sound(self, where: str) -> Self:
        """Return the facts; NotRecordedError when the rows made no sense."""
        if self.fault:
            raise NotRecordedError(
                f"{where}: rows make no sense: {self.fault}; record the run anew"
            )
        return self
