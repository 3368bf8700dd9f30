"""Small plans for real runs: seconds long, real files, every phase."""

from dataclasses import replace
from pathlib import Path

from mlps.plan import (
    Division,
    FileFormat,
    Phase,
    PhaseKind,
    Plan,
    PlanDocument,
    Sampler,
    Train,
    document,
    render,
)
from tests.rules import plans


def small_plan(  # noqa: PLR0913 - the knobs of the tests
    *,
    ranks: int = 2,
    files: int = 12,
    file_format: FileFormat = FileFormat.NPZ,
    record_bytes: float = 300_000.0,
    batch_size: int = 1,
    compute_s: float = 0.01,
    epochs: int = 2,
    measured_runs: int = 1,
    cold_reads: bool = True,
    odirect: bool = False,
    prefetch_batches: int = 2,
    epoch_deadline_s: float = 60.0,
    results_on_data_path: bool = True,
    interval_s: float = 0.2,
    calibration_s: float = 0.0,
    au: float = 0.9,
) -> PlanDocument:
    workload = plans.unet3d(
        format=file_format,
        files=files,
        record_length_bytes=record_bytes,
        record_length_stdev_bytes=record_bytes / 4
        if file_format is FileFormat.NPZ
        else 0.0,
        record_length_resize_bytes=0,
        seed=123,
    )
    reader = replace(
        workload.reader,
        batch_size=batch_size,
        read_threads=2,
        prefetch_batches=prefetch_batches,
        transfer_bytes=65536,
        odirect=odirect,
    )
    train = Train(epochs=epochs, computation_time_s=compute_s)
    system = plans.system(
        name="local",
        accelerators_per_host=ranks,
        data_shared=False,
        results_on_data_path=results_on_data_path,
    )
    submission = plans.submission(
        name="demo",
        division=Division.DEMO,
        warmup_runs=0,
        measured_runs=measured_runs,
        cold_reads=cold_reads,
        sampler=Sampler(interval_s=interval_s, max_samples=0),
        calibration_s=calibration_s,
        scale=plans.LAPTOP,
    )
    metric = replace(workload.metric, au=au)
    workload = replace(workload, reader=reader, train=train, metric=metric)
    plan = plans.plan(workload, system, submission)
    return document(_hurried(plan, epoch_deadline_s), {})


def store(doc: PlanDocument, path: Path) -> Path:
    path.write_bytes(render(doc))
    return path


def _hurried(plan: Plan, deadline_s: float) -> Plan:
    """The plan with another deadline for its epochs."""

    def hurry(phase: Phase) -> Phase:
        epoch = phase.kind is PhaseKind.EPOCH
        return replace(phase, deadline_s=deadline_s) if epoch else phase

    runs = [
        replace(run, phases=tuple(hurry(phase) for phase in run.phases))
        for run in plan.campaign.runs
    ]
    return replace(plan, campaign=replace(plan.campaign, runs=tuple(runs)))
