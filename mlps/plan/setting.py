"""The system under test and the submission: where it runs and what it claims."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from mlps.plan.typed import at_least, share

_HOST = re.compile(
    r"([A-Za-z0-9_][\w.-]{0,63}@)?[A-Za-z0-9_:][\w.:%-]{0,190}", re.ASCII
)
"""A name or address as ssh takes it: never an option, nothing a shell would expand."""


class Division(StrEnum):
    """What a plan claims. `whatif` and `demo` can never count."""

    CLOSED = "closed"
    OPEN = "open"
    WHATIF = "whatif"
    DEMO = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """The clients: one rank is one accelerator; `hosts` equal hosts.

    `observers`: hosts without ranks that are sampled, too, such as storage servers.
    """

    name: str
    accelerator: str
    accelerators_per_host: int = field(metadata=at_least(1))
    hosts: int = field(metadata=at_least(1))
    host_memory_bytes: int = field(metadata=at_least(1))
    data_path: str
    data_shared: bool
    results_on_data_path: bool
    observers: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse observers that are no host names."""
        for place, host in enumerate(self.observers):
            if not _HOST.fullmatch(host):
                raise ValueError(
                    f"observers[{place}] is {host!r}; give a host or user@host"
                )
            if host in self.observers[:place]:
                raise ValueError(f"observers[{place}]: {host!r} is there twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampler:
    """The /proc sampler; `interval_s` 0 is off, `max_samples` 0 is no cap."""

    interval_s: float = field(metadata=at_least(0))
    max_samples: int = field(metadata=at_least(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What a laptop-scale submission divides by; all at the official value else.

    `min_steps` official 500, `memory_multiple` official 5; `compute_factor`
    stretches the emulated compute (1 is official).
    """

    min_steps: int = field(metadata=at_least(1))
    memory_multiple: int = field(metadata=at_least(0))
    compute_factor: float = field(metadata=at_least(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """The claim: division, edition of the rules, runs and how they are taken.

    `calibration_s`: how long the steps without storage go on, 0 for none. A rank
    that is silent or does not get on is reported after `stall_report_s` and ends the
    run after `stall_limit_s`.
    """

    name: str
    division: Division
    edition: str
    warmup_runs: int = field(metadata=at_least(0))
    measured_runs: int = field(metadata=at_least(1))
    seed: int = field(metadata=at_least(0))
    cold_reads: bool
    verify_fraction: float = field(metadata=share(above_zero=False))
    calibration_s: float = field(metadata=at_least(0))
    stall_report_s: float = field(metadata=at_least(1))
    stall_limit_s: float = field(metadata=at_least(1))
    min_rate_bytes_per_s: int = field(metadata=at_least(1))
    sampler: Sampler
    scale: Scale
