"""What an edition says of checkpointing."""

from dataclasses import dataclass

_MEASURES = ("all_written", "three_checkpoints")
_SEVERITIES = ("error", "warning")


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceleratorMemory:
    """Memory of an emulated accelerator; `claimable` in CLOSED and OPEN."""

    name: str
    memory_gib: float
    claimable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpointing:
    """Figures of the checkpointing rules; readings stand with the rules' strictness.

    models: names that count. subset_models: those of which `subset_ranks` ranks count
    as a whole result in CLOSED. ranks_per_host: least of a host in CLOSED.
    most_invocations: of a CLOSED result, none without limit. max_gap_s: from the end
    of writing to the start of reading, none without limit; gap_severity: what a longer
    one means. memory_measure: what of the written data is held against
    `memory_multiple` times the memory. accelerators: memory by name (4.3.4);
    assumed_memory_gib stands for one that is not recorded, none when it must be.
    remap_share: of the declared remapping time, the least that must be observed.
    """

    models: tuple[str, ...]
    subset_models: tuple[str, ...]
    subset_ranks: int
    ranks_per_host: int
    writes: int
    reads: int
    most_invocations: int | None
    max_gap_s: float | None
    gap_severity: str
    memory_multiple: float
    memory_measure: str
    accelerators: tuple[AcceleratorMemory, ...]
    assumed_memory_gib: float | None
    remap_share: float

    def __post_init__(self) -> None:
        """Refuse a measure or a severity no rule knows."""
        if self.memory_measure not in _MEASURES:
            raise ValueError(f"memory_measure {self.memory_measure!r} is unknown")
        if self.gap_severity not in _SEVERITIES:
            raise ValueError(f"gap_severity {self.gap_severity!r} is unknown")

    def accelerator(self, name: str) -> AcceleratorMemory | None:
        """Memory of the accelerator of that name, None when the table lacks it."""
        return next((a for a in self.accelerators if a.name == name.lower()), None)
