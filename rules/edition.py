"""Editions of the rules: the tables in rules/editions, typed.

An edition file holds what changed since the edition it inherits. Where official
sources disagree, `reading` says which one is used here and why.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mlps.errors import PlanError
from mlps.plan import Division, build, nearest
from mlps.plan.typed import at_least
from rules.tables.checkpointing import Checkpointing
from rules.tables.kv_cache import KvCache
from rules.tables.structure import Structure
from rules.tables.training import TrainingTree
from rules.tables.vector_database import VectorDatabase

_FOLDER = Path(__file__).parent / "editions"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadRow:
    """Accelerators on which a workload counts, and its utilization minimum."""

    name: str
    closed: tuple[str, ...]
    open: tuple[str, ...]
    whatif: tuple[str, ...]
    au: float
    checkpoint: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCount:
    """Runs of a training result."""

    warmup: int
    measured: int
    reading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Largest distance of consecutive runs, in multiples of the shortest run."""

    measure: str
    multiple: int
    reading: str

    def __post_init__(self) -> None:
        """Refuse a measure no rule knows."""
        if self.measure not in ("start_to_start", "end_to_start"):
            raise ValueError(f"measure {self.measure!r} is unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSize:
    """The two branches of rule 3.1.2."""

    min_steps: int
    memory_multiple: int
    rounding: str
    reading: str

    def __post_init__(self) -> None:
        """Refuse a rounding the sizes don't know."""
        if self.rounding not in ("floor", "ceil"):
            raise ValueError(f"rounding {self.rounding!r} is unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Utilization:
    """How rule 3.3.2 is read; the minimums stand with the workloads."""

    reading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter a submitter may change, and where it stands in a plan.

    Empty `workloads` and `formats` mean any; `most` 0 means without limit.
    """

    official: str
    key: str
    workloads: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    most: int = field(default=0, metadata=at_least(0))


class Severity(StrEnum):
    """What a broken rule means in an edition."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strictness:
    """How an edition takes one rule, and which reading of it is used and why."""

    id: str
    severity: Severity = Severity.ERROR
    reading: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One edition of the rules.

    A past edition is not `claimable`: it judges what was published under it. Rules
    named in `absent` are not in the edition, for the reason given beside.
    """

    edition: str
    title: str
    sources: tuple[str, ...]
    workloads: tuple[WorkloadRow, ...]
    runs: RunCount
    gap: Gap
    dataset_size: DatasetSize
    utilization: Utilization
    closed_parameters: tuple[Parameter, ...]
    open_parameters: tuple[Parameter, ...]
    claimable: bool
    absent: tuple[str, ...]
    absent_reading: str
    strictness: tuple[Strictness, ...]
    training: TrainingTree
    structure: Structure | None = None
    checkpointing: Checkpointing | None = None
    vector_database: VectorDatabase | None = None
    kv_cache: KvCache | None = None

    def strict(self, rule_id: str) -> Strictness:
        """How the edition takes a rule; without an entry, as an error."""
        found = (entry for entry in self.strictness if entry.id == rule_id)
        return next(found, Strictness(id=rule_id))

    def row(self, workload: str) -> WorkloadRow | None:
        """Row of a workload, None when this edition does not know it."""
        return next((row for row in self.workloads if row.name == workload), None)

    def standing(self, workload: str, accelerator: str) -> str:
        """Where a combination counts: CLOSED, OPEN, whatif, or unknown."""
        row = self.row(workload)
        if row is None:
            return "unknown"
        if accelerator in row.closed:
            return "CLOSED"
        if accelerator in row.open:
            return "OPEN"
        return "whatif" if accelerator in row.whatif else "unknown"

    def parameters(self, division: Division) -> tuple[Parameter, ...]:
        """Parameters that may be changed: OPEN adds to CLOSED."""
        if division is Division.OPEN:
            return self.closed_parameters + self.open_parameters
        return self.closed_parameters


@cache
def editions() -> tuple[Edition, ...]:
    """Every known edition, oldest first."""
    found = sorted(_FOLDER.glob("[0-9]*.yaml"), key=_age)
    return tuple(build(Edition, _inherited(path), path.name) for path in found)


def _age(path: Path) -> tuple[str, bool]:
    """Sort by version; a round comes before what its rules became later."""
    version, _, rest = path.stem.partition("-")
    return version, not rest


def edition_named(name: str) -> Edition:
    """Find the edition; PlanError names the known ones."""
    for edition in editions():
        if edition.edition == name:
            return edition
    known = [edition.edition for edition in editions()]
    raise PlanError(
        f"submission.edition: {name!r} is no edition of the rules;"
        f" {nearest(name, known)} (known: {', '.join(known)})"
    )


def _inherited(path: Path) -> dict[str, Any]:
    own: dict[str, Any] = yaml.load(path.read_bytes(), Loader=_LOADER)
    parent = own.pop("inherits", None)
    if parent is None:
        return own
    inherited = _inherited(path.with_name(f"{parent}.yaml"))
    strictness = {e["id"]: e for e in inherited.get("strictness", [])}
    strictness |= {e["id"]: e for e in own.get("strictness", [])}
    sections = {
        name: inherited[name] | section
        for name, section in own.items()
        if isinstance(section, dict) and isinstance(inherited.get(name), dict)
    }
    return inherited | own | sections | {"strictness": list(strictness.values())}
