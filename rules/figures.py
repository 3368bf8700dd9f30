"""Official figures of each workload, per accelerator: what plans are held against.

Independent of conf/: the judge does not take the word of what it judges.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from mlps.plan import Column, FileFormat, Shuffle, build

_FILE = Path(__file__).parent / "editions" / "figures.yaml"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceleratorFigures:
    """Figures that depend on the accelerator."""

    name: str
    batch_size: int
    computation_time_s: float
    epochs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadFigures:
    """Figures of a workload; `model_bytes` 0 means none is published."""

    name: str
    source: str
    framework: str
    data_loader: str
    format: FileFormat
    samples_per_file: int
    record_length_bytes: float
    record_length_stdev_bytes: float
    record_length_resize_bytes: int
    row_group_rows: int
    columns: tuple[Column, ...]
    read_columns: tuple[int, ...]
    file_shuffle: Shuffle
    sample_shuffle: Shuffle
    shuffle_size: int
    exclude_start_steps: int
    exclude_end_steps: int
    au: float
    model_bytes: int
    accelerators: tuple[AcceleratorFigures, ...]

    def accelerator(self, name: str) -> AcceleratorFigures | None:
        """Figures of one accelerator, None when none are published."""
        return next((a for a in self.accelerators if a.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    workloads: tuple[WorkloadFigures, ...]


@cache
def figures() -> tuple[WorkloadFigures, ...]:
    """Figures of every workload."""
    data = yaml.load(_FILE.read_bytes(), Loader=_LOADER)
    return build(_Book, data, _FILE.name).workloads
