"""What an edition says of vector databases."""

from dataclasses import dataclass

SEVERITIES = ("error", "warning")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A collection that counts: vectors, their dimension, and where it is shipped."""

    num_vectors: int
    dimension: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimum:
    """A smallest value, what falling below it means, and why it is what it is."""

    value: float
    severity: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse a severity no rule knows."""
        if self.severity not in SEVERITIES:
            raise ValueError(f"severity {self.severity!r} is unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorDatabase:
    """Figures of rules 5.x.

    `scale_severity` says what another scale means, `verdict_severity` what a run
    without result_verdict.json means. `metrics` are the keys every run reports.
    """

    runs: int
    scales: tuple[Scale, ...]
    scale_severity: str
    scale_reading: str
    recall: Minimum
    queries: Minimum
    runtime_s: float
    metrics: tuple[str, ...]
    verdict_severity: str
    closed_databases: tuple[str, ...]
    open_databases: tuple[str, ...]
    closed_indexes: tuple[str, ...]
    closed_modes: tuple[str, ...]
    closed_distributions: tuple[str, ...]
    closed_parameters: tuple[str, ...]
    open_parameters: tuple[str, ...]
    object_backends: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse severities no rule knows."""
        for severity in (self.scale_severity, self.verdict_severity):
            if severity not in SEVERITIES:
                raise ValueError(f"severity {severity!r} is unknown")
