"""What a training workload says in a plan: dataset, reader, step.

Figures and their sources: conf/workload/*.yaml.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from mlps.plan.typed import at_least, share


class FileFormat(StrEnum):
    """File formats of the official training workloads."""

    NPZ = "npz"
    JPEG = "jpeg"
    TFRECORD = "tfrecord"
    PARQUET = "parquet"


class Shuffle(StrEnum):
    """Order in which files are dealt: as listed, or one seeded global shuffle."""

    OFF = "off"
    SEED = "seed"


class ColumnType(StrEnum):
    """Element types of parquet columns."""

    FLOAT64 = "float64"
    INT64 = "int64"
    FLOAT32 = "float32"
    FLOAT16 = "float16"
    INT8 = "int8"

    @property
    def width_bytes(self) -> int:
        """Bytes of one element."""
        return int(self.value.lstrip("floatin")) // 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One group of equal parquet columns; `read` of `count` are read per row."""

    name: str
    dtype: ColumnType
    elements: int = field(metadata=at_least(1))
    count: int = field(metadata=at_least(1))
    read: int = field(metadata=at_least(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """The files on storage. `record_length_bytes` is the official mean."""

    format: FileFormat
    files: int = field(metadata=at_least(1))
    samples_per_file: int = field(metadata=at_least(1))
    record_length_bytes: float = field(metadata=at_least(1))
    record_length_stdev_bytes: float = field(metadata=at_least(0))
    record_length_resize_bytes: int = field(metadata=at_least(0))
    subfolders: int = field(metadata=at_least(0))
    seed: int = field(metadata=at_least(0))
    row_group_rows: int = field(metadata=at_least(0))
    columns: tuple[Column, ...]
    read_columns: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """How a rank reads: `prefetch_batches` ahead, in `transfer_bytes` pieces."""

    data_loader: str
    batch_size: int = field(metadata=at_least(1))
    read_threads: int = field(metadata=at_least(1))
    computation_threads: int = field(metadata=at_least(0))
    prefetch_batches: int = field(metadata=at_least(0))
    transfer_bytes: int = field(metadata=at_least(4096))
    odirect: bool
    file_shuffle: Shuffle
    sample_shuffle: Shuffle
    shuffle_size: int = field(metadata=at_least(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Train:
    """The emulated training: `computation_time_s` per step, on each rank."""

    epochs: int = field(metadata=at_least(1))
    computation_time_s: float = field(metadata=at_least(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """The utilization target and the steps left out of its window."""

    au: float = field(metadata=share(above_zero=True))
    exclude_start_steps: int = field(metadata=at_least(0))
    exclude_end_steps: int = field(metadata=at_least(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Where batch size and compute time come from, and whether officially so."""

    official: bool
    editions: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingWorkload:
    """A training workload for one accelerator type, every figure resolved."""

    kind: str
    name: str
    framework: str
    figures: Figures
    dataset: Dataset
    reader: Reader
    train: Train
    metric: Metric
    checkpoint: bool
    model_bytes: int = field(metadata=at_least(0))

    def __post_init__(self) -> None:
        """Refuse a kind this type does not describe."""
        if self.kind != "training":
            raise ValueError(f"kind is {self.kind!r}; only 'training' is known")
