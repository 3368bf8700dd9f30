"""What an edition says of the structure of a submission."""

from dataclasses import dataclass, field

from mlps.plan.typed import at_least

_SEVERITIES = ("error", "warning")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A phase folder a training workload must have; `severity` when it has not."""

    name: str
    severity: str

    def __post_init__(self) -> None:
        """Refuse a severity no rule knows."""
        if self.severity not in _SEVERITIES:
            raise ValueError(f"severity {self.severity!r} is unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """Names that the structure rules go by; all are case-sensitive.

    divisions: folders at the top, at least one. whole_tree_pool: name of the pool of
    code images that may stand beside them, empty where each organisation has its own
    only. organisation_folders: exactly those. categories: folders of a system.
    training_phases: exactly those. `*_files`: what a leaf must hold, as patterns with
    `*`. config_folder holds exactly config_files. most_checkpointing_folders: time
    stamps of a checkpointing workload. memory_tolerance_percent: of a client's memory,
    measured against described (2.1.9).
    """

    divisions: tuple[str, ...]
    whole_tree_pool: str
    organisation_folders: tuple[str, ...]
    categories: tuple[str, ...]
    training_phases: tuple[Phase, ...]
    datagen_files: tuple[str, ...]
    run_files: tuple[str, ...]
    checkpointing_files: tuple[str, ...]
    config_folder: str
    config_files: tuple[str, ...]
    most_checkpointing_folders: int
    memory_tolerance_percent: float = field(metadata=at_least(0))
