"""Dataset size, steps, memory and bandwidth: one arithmetic for plan and rules.

Pure functions over the plan's own types, exact where the rules are exact.
Sources: MLPerf Storage rules 3.1.2 (dataset size), 3.3.2 (utilization).
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from mlps.plan.setting import Scale, System
from mlps.plan.training import Dataset, Reader, TrainingWorkload

OFFICIAL_MIN_STEPS = 500
OFFICIAL_MEMORY_MULTIPLE = 5
OFFICIAL_SCALE = Scale(
    min_steps=OFFICIAL_MIN_STEPS,
    memory_multiple=OFFICIAL_MEMORY_MULTIPLE,
    compute_factor=1.0,
)
PROCESS_OVERHEAD_BYTES = 256 * 2**20
_LEAST_CALIBRATION_STEPS = 20
_FREE_STEPS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """The two branches of rule 3.1.2 in files, and the larger of them."""

    by_steps: Fraction
    by_memory: Fraction

    def files(self, *, rounding: str) -> int:
        """Whole files; `floor` is the rule as run to tool 3.0.42, `ceil` since."""
        whole = floor if rounding == "floor" else ceil
        return max(whole(self.by_steps), whole(self.by_memory), 1)


def requirement(
    dataset: Dataset, batch_size: int, ranks: int, memory_bytes: int, scale: Scale
) -> Requirement:
    """Size rule 3.1.2: `memory_bytes` is the memory of all hosts together."""
    samples_by_steps = Fraction(scale.min_steps * batch_size * ranks)
    samples_by_memory = Fraction(scale.memory_multiple * memory_bytes) / record_bytes(
        dataset
    )
    return Requirement(
        by_steps=samples_by_steps / dataset.samples_per_file,
        by_memory=samples_by_memory / dataset.samples_per_file,
    )


def record_bytes(dataset: Dataset) -> Fraction:
    """Mean bytes of one record, exactly as declared (may be a fraction)."""
    return Fraction(repr(dataset.record_length_bytes))


def record_read_bytes(dataset: Dataset) -> Fraction:
    """Mean bytes read of one record: of parquet only the columns read count."""
    if not dataset.columns:
        return record_bytes(dataset)
    return Fraction(
        sum(c.dtype.width_bytes * c.elements * c.read for c in dataset.columns)
    )


def ranks(system: System) -> int:
    """One rank is one emulated accelerator."""
    return system.hosts * system.accelerators_per_host


def dataset_bytes(dataset: Dataset) -> int:
    """Bytes of all files at the mean record length, framing apart."""
    return ceil(dataset.files * dataset.samples_per_file * record_bytes(dataset))


def files_per_rank(dataset: Dataset, world: int) -> int:
    """Files each rank is dealt per epoch; the rest of the epoch is left out."""
    return dataset.files // world


def steps_per_epoch(dataset: Dataset, batch_size: int, world: int) -> int:
    """Count the steps each rank takes per epoch; a last short batch is dropped."""
    return files_per_rank(dataset, world) * dataset.samples_per_file // batch_size


def calibration_steps(
    workload: TrainingWorkload, world: int, calibration_s: float
) -> int:
    """Count steps of about `calibration_s` seconds of compute, at most an epoch.

    At least 20, so that the window has steps; without compute a thousand.
    """
    if not calibration_s:
        return 0
    step_s = Fraction(workload.train.computation_time_s)
    wanted = ceil(Fraction(calibration_s) / step_s) if step_s else _FREE_STEPS
    most = steps_per_epoch(workload.dataset, workload.reader.batch_size, world)
    return min(max(wanted, _LEAST_CALIBRATION_STEPS), most)


def step_bytes(workload: TrainingWorkload) -> int:
    """Mean bytes one rank reads per step."""
    return ceil(workload.reader.batch_size * record_read_bytes(workload.dataset))


def required_bandwidth_bytes_per_s(workload: TrainingWorkload, world: int) -> float:
    """Storage bandwidth of all ranks that just reaches the utilization target.

    A step may last computation_time / au; in it each rank reads one batch.
    """
    if workload.train.computation_time_s == 0:
        return 0.0
    step_s = workload.train.computation_time_s / workload.metric.au
    return world * step_bytes(workload) / step_s


def rank_memory_bytes(dataset: Dataset, reader: Reader) -> int:
    """Bytes of samples and buffers a rank may hold at any time.

    A resized record occupies its resized length only (the rest is streamed).
    """
    resident = dataset.record_length_resize_bytes or ceil(record_read_bytes(dataset))
    samples = reader.batch_size * (reader.prefetch_batches + 1)
    return samples * resident + reader.read_threads * reader.transfer_bytes


def epoch_compute_s(workload: TrainingWorkload, world: int) -> float:
    """Emulated compute of one epoch on one rank."""
    steps = steps_per_epoch(workload.dataset, workload.reader.batch_size, world)
    return steps * workload.train.computation_time_s
