"""The campaign of a plan: ordered runs, and in each the ordered phases."""

from dataclasses import dataclass, field
from enum import StrEnum

from mlps.plan.typed import at_least


class RunKind(StrEnum):
    """Runs in the order of a campaign; only measured runs are judged."""

    DATAGEN = "datagen"
    WARMUP = "warmup"
    MEASURED = "measured"


class PhaseKind(StrEnum):
    """What the ranks do together between two agreed instants."""

    DATAGEN = "datagen"
    CALIBRATION = "calibration"
    FLUSH = "flush"
    EPOCH = "epoch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One phase; `epoch` is 1-based and 0 outside epochs."""

    name: str
    kind: PhaseKind
    epoch: int = field(metadata=at_least(0))
    deadline_s: float = field(metadata=at_least(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: its own evidence file, its own shuffle seed."""

    number: int = field(metadata=at_least(0))
    kind: RunKind
    seed: int = field(metadata=at_least(0))
    phases: tuple[Phase, ...]

    @property
    def label(self) -> str:
        """Directory prefix and name for people: `02-measured`."""
        return f"{self.number:02d}-{self.kind.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """All runs, in order."""

    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """Facts computed by the compiler; a reader recomputes and compares them.

    `required_bandwidth_bytes_per_s`: all ranks together, so that compute takes
    the target share of the time. `rank_memory_bytes`: buffers a rank may hold.
    """

    ranks: int = field(metadata=at_least(1))
    required_files: int = field(metadata=at_least(1))
    required_files_by_steps: int = field(metadata=at_least(0))
    required_files_by_memory: int = field(metadata=at_least(0))
    dataset_bytes: int = field(metadata=at_least(1))
    rank_epoch_bytes: int = field(metadata=at_least(0))
    steps_per_epoch: int = field(metadata=at_least(0))
    step_bytes: int = field(metadata=at_least(0))
    rank_memory_bytes: int = field(metadata=at_least(0))
    host_memory_budget_bytes: int = field(metadata=at_least(0))
    required_bandwidth_bytes_per_s: float = field(metadata=at_least(0))
    calibration_steps: int = field(metadata=at_least(0))
    estimated_s: float = field(metadata=at_least(0))
