"""Refuses what is well typed but makes no sense: it could not be run or compared."""

from mlps import sizing
from mlps.compiler import schema
from mlps.plan import Submission, System, TrainingWorkload, TypedError, leaves, plain

MAX_PHASES = 10_000
EXACT_BELOW = 2**53


def check_sense(
    workload: TrainingWorkload, system: System, submission: Submission
) -> None:
    """Check a sized plan's parts; TypedError names the key."""
    if system.hosts > 1 and not system.data_shared:
        raise TypedError(
            "system.data_shared",
            f"is false with {system.hosts} hosts; several hosts need one shared data"
            " path (system.data_shared=true)",
        )
    _check_exact(workload, system, submission)
    _check_steps(workload, system)
    _check_length(workload, submission)


def check_columns(workload: TrainingWorkload) -> None:
    """Check parquet columns, before anything is computed from them."""
    for index, column in enumerate(workload.dataset.columns):
        path = f"workload.dataset.columns.{index}"
        if column.read > column.count:
            raise TypedError(
                f"{path}.read", f"is {column.read}, but there are {column.count}"
            )


def _check_exact(
    workload: TrainingWorkload, system: System, submission: Submission
) -> None:
    """Refuse whole numbers that other readers of the plan would round."""
    parts = {"workload": workload, "system": system, "submission": submission}
    for group, part in parts.items():
        for key, value in leaves(plain(part), group):
            if isinstance(value, int) and value >= EXACT_BELOW:
                path = ".".join(schema.asked_path(key))
                raise TypedError(path, f"{value} is too large; stay below 2^53")


def _check_steps(workload: TrainingWorkload, system: System) -> None:
    world, dataset = sizing.ranks(system), workload.dataset
    steps = sizing.steps_per_epoch(dataset, workload.reader.batch_size, world)
    left_out = workload.metric.exclude_start_steps + workload.metric.exclude_end_steps
    if steps <= left_out:
        raise TypedError(
            "workload.dataset.files",
            f"{dataset.files} files for {world} ranks give {steps} steps of batch"
            f" {workload.reader.batch_size} an epoch, of which {left_out} are left out;"
            " take more files or a smaller batch",
        )


def _check_length(workload: TrainingWorkload, submission: Submission) -> None:
    runs = submission.warmup_runs + submission.measured_runs
    phases = runs * workload.train.epochs * 2
    if phases > MAX_PHASES:
        raise TypedError(
            "submission.measured_runs",
            f"{runs} runs of {workload.train.epochs} epochs are {phases} phases;"
            f" a plan holds at most {MAX_PHASES}",
        )
