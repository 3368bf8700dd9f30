"""What an edition says of published training results."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingTree:
    """Figures of the rules about published training results.

    published_runs: how many runs a result may hold. datasize_recorded: whether the
    tool leaves a folder for sizing and one for generating. allowed: keys, besides the
    edition's parameters, that CLOSED and OPEN may change. injected: keys, or with a
    last dot whole sections, that the tool sets itself. limits_severity: what a value
    beyond the limit of a parameter that may be changed means. probe_severity: what a
    run without fs_separation.json means. reading: which source of these lists is used
    and why.
    """

    published_runs: tuple[int, ...]
    datasize_recorded: bool
    allowed: tuple[str, ...]
    injected: tuple[str, ...]
    limits_severity: str
    probe_severity: str
    reading: str

    def __post_init__(self) -> None:
        """Refuse a severity no rule knows."""
        for severity in (self.limits_severity, self.probe_severity):
            if severity not in ("error", "warning"):
                raise ValueError(f"severity {severity!r} is unknown")

    def permits(self, key: str) -> bool:
        """Whether anyone may change the key, or the tool itself does."""
        return key in (*self.allowed, *self.injected) or any(
            section.endswith(".") and key.startswith(section)
            for section in self.injected
        )
