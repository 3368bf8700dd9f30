"""What a source read of a result: plain numbers and texts, nothing judged yet.

A source fills these records; rules read them. Something that could not be read is
a text in a `fault` field, never an exception: the rest is still judged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlps.errors import NotRecordedError
from rules.evidence_record import HostFacts
from rules.package_record import PackageRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One host of a run."""

    node: int
    hostname: str
    memory_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """One rank of a run and what it said at the start."""

    rank: int
    node: int
    local_rank: int
    plan_digest: str
    software_digest: str
    python: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """What the histograms of one rank's phase hold: operations and their durations.

    `files`: opened and read as a whole; they took `least_ns` to `most_ns` together,
    opening and reading at least `inside_ns`, at most `inside_most_ns`. `least_count`
    is the least count of a bucket; the intervals are the first and last one's starts.
    """

    opens: int
    reads: int
    files: int
    least_count: int
    inside_ns: int
    inside_most_ns: int
    least_ns: int
    most_ns: int
    first_interval_ns: int
    last_interval_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """Closing record of one rank's phase, beside what its step rows add up to.

    `late_ns`: start after the agreed one; `idle_ns`: start after the end of the
    rank's phase before, or after zero. `step_ns`: wait, compute and barrier
    of all steps; `least_ns`: the least of them when it is negative, else 0;
    `step_fault` says which step is out of order, "" when none is.
    """

    rank: int
    phase: int
    name: str
    epoch: int
    outcome: str
    start_ns: int
    late_ns: int
    idle_ns: int
    duration_ns: int
    steps: int
    samples: int
    delivered_bytes: int
    step_rows: int
    step_samples: int
    step_bytes: int
    step_ns: int
    least_ns: int
    step_fault: str
    operations: Operations | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetFacts:
    """The dataset as the run adopted it."""

    files: int
    dataset_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Utilization:
    """Utilization and rates of a run, recomputed from its steps."""

    rules_percent: float
    dlio_percent: float
    slowest_rank: int
    slowest_percent: float
    slowest_epoch: int
    oversleep_percent: float
    bytes_per_s: float
    samples_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """Utilization of a calibration, recomputed: what the clients reach at most."""

    percent: float
    slowest_rank: int
    slowest_percent: float
    limited_by: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SoftwareRow:
    """One package of a run, as all its ranks had it."""

    package: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvidence:
    """One readable evidence file; `wall_end_ns` is None when the run never ended."""

    run_id: str
    number: int
    kind: str
    plan_bytes: bytes
    plan_digest: str
    software_digest: str
    mlps_version: str
    outcome: str
    blamed_rank: int
    reason: str
    wall_start_ns: int
    wall_end_ns: int | None
    hosts: tuple[Host, ...]
    ranks: tuple[Rank, ...]
    software: tuple[SoftwareRow, ...]
    closings: tuple[Closing, ...]
    stray_steps: int
    dataset: DatasetFacts | None
    utilization: Utilization | None
    ceiling: Ceiling | None
    chain_fault: str | None
    chain_head: str
    recomputed: Mapping[str, Any] | None
    recompute_fault: str
    host_facts: HostFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run directory; `number` and `kind` as its name says them."""

    where: str
    number: int
    kind: str
    run_id: str
    sealed: bool
    evidence: RunEvidence | None
    evidence_fault: str
    evidence_sha256: str
    summary: Mapping[str, Any] | None
    summary_fault: str

    @property
    def label(self) -> str:
        """Name for people: `02-measured`."""
        return f"{self.number:02d}-{self.kind}"

    def read(self) -> RunEvidence:
        """Evidence of the run; NotRecordedError when it could not be read."""
        if self.evidence is None:
            raise NotRecordedError(
                f"{self.where}/evidence.h5: {self.evidence_fault};"
                " present the run with its evidence file as the runner wrote it"
            )
        return self.evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEvent:
    """One line of campaign.jsonl."""

    line: int
    event: str
    run: int | None
    run_id: str
    wall_ns: int
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """campaign.jsonl: `fault` names the first broken line, `torn` a cut last one."""

    events: tuple[LedgerEvent, ...]
    fault: str
    torn: bool

    @property
    def seals(self) -> dict[str, LedgerEvent]:
        """By run id what sealed it, but for runs that were withdrawn later."""
        found: dict[str, LedgerEvent] = {}
        for event in self.events:
            if event.event == "run_sealed":
                found[event.run_id] = event
            elif event.event == "run_withdrawn":
                found.pop(event.run_id, None)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Checksums:
    """SHA256SUMS: what it covers, and what does not match it."""

    covered: frozenset[str]
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignRecord:
    """A campaign directory, or a single run directory (`ledger`, `checksums` None)."""

    where: str
    plan_fault: str
    runs: tuple[RunRecord, ...]
    ledger: Ledger | None
    checksums: Checksums | None
    oddities: tuple[str, ...]
    package: PackageRecord | None = None

    @property
    def ceiling(self) -> Ceiling | None:
        """What the clients reach without storage, of the sealed run that found it."""
        found = (run.evidence.ceiling for run in self.sealed if run.evidence)
        return next((one for one in found if one is not None), None)

    @property
    def sealed(self) -> tuple[RunRecord, ...]:
        """Runs that are presented, in the order of their numbers."""
        return tuple(run for run in self.runs if run.sealed)
