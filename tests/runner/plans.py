"""Small plans for real runs: seconds long, real files, every phase."""

from pathlib import Path

from mlps import sizing
from mlps.plan import (
    SCHEMA,
    Campaign,
    Dataset,
    Derived,
    Division,
    Figures,
    FileFormat,
    Metric,
    Phase,
    PhaseKind,
    Plan,
    PlanDocument,
    Reader,
    Run,
    RunKind,
    Sampler,
    Scale,
    Shuffle,
    Submission,
    System,
    Train,
    TrainingWorkload,
    document,
    render,
)


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
) -> PlanDocument:
    dataset = Dataset(
        format=file_format,
        files=files,
        samples_per_file=1,
        record_length_bytes=record_bytes,
        record_length_stdev_bytes=record_bytes / 4
        if file_format is FileFormat.NPZ
        else 0.0,
        record_length_resize_bytes=0,
        subfolders=0,
        seed=123,
        row_group_rows=0,
        columns=(),
        read_columns=(),
    )
    reader = Reader(
        data_loader="pytorch",
        batch_size=batch_size,
        read_threads=2,
        computation_threads=1,
        prefetch_batches=prefetch_batches,
        transfer_bytes=65536,
        odirect=odirect,
        file_shuffle=Shuffle.SEED,
        sample_shuffle=Shuffle.SEED,
        shuffle_size=1024,
    )
    workload = TrainingWorkload(
        kind="training",
        name="unet3d",
        framework="pytorch",
        figures=Figures(official=True, editions=("3.0",), source="test"),
        dataset=dataset,
        reader=reader,
        train=Train(epochs=epochs, computation_time_s=compute_s),
        metric=Metric(au=0.9, exclude_start_steps=1, exclude_end_steps=0),
        checkpoint=False,
        model_bytes=0,
    )
    system = System(
        name="local",
        accelerator="b200",
        accelerators_per_host=ranks,
        hosts=1,
        host_memory_bytes=2**34,
        data_path="data",
        data_shared=False,
        results_on_data_path=results_on_data_path,
    )
    submission = Submission(
        name="demo",
        division=Division.DEMO,
        edition="3.0",
        warmup_runs=0,
        measured_runs=measured_runs,
        seed=42,
        cold_reads=cold_reads,
        verify_fraction=0.01,
        rank_silent_s=60.0,
        min_rate_bytes_per_s=10_000_000,
        sampler=Sampler(interval_s=interval_s, max_samples=0),
        scale=Scale(min_steps=6, memory_multiple=0, compute_factor=20.0),
    )
    runs = [
        Run(
            number=0,
            kind=RunKind.DATAGEN,
            seed=42,
            phases=(
                Phase(name="datagen", kind=PhaseKind.DATAGEN, epoch=0, deadline_s=60.0),
            ),
        )
    ]
    runs += [
        Run(
            number=number,
            kind=RunKind.MEASURED,
            seed=42 + number,
            phases=_phases(epochs, epoch_deadline_s, cold_reads=cold_reads),
        )
        for number in range(1, measured_runs + 1)
    ]
    return document(
        Plan(
            schema=SCHEMA,
            name="small",
            workload=workload,
            system=system,
            submission=submission,
            derived=_derived(workload, ranks),
            campaign=Campaign(runs=tuple(runs)),
        ),
        {},
    )


def store(doc: PlanDocument, path: Path) -> Path:
    path.write_bytes(render(doc))
    return path


def _phases(epochs: int, deadline_s: float, *, cold_reads: bool) -> tuple[Phase, ...]:
    phases = []
    for epoch in range(1, epochs + 1):
        if cold_reads:
            phases.append(
                Phase(
                    name=f"flush-{epoch}",
                    kind=PhaseKind.FLUSH,
                    epoch=0,
                    deadline_s=60.0,
                )
            )
        phases.append(
            Phase(
                name=f"epoch-{epoch}",
                kind=PhaseKind.EPOCH,
                epoch=epoch,
                deadline_s=deadline_s,
            )
        )
    return tuple(phases)


def _derived(workload: TrainingWorkload, ranks: int) -> Derived:
    dataset, reader = workload.dataset, workload.reader
    return Derived(
        ranks=ranks,
        required_files=dataset.files,
        required_files_by_steps=dataset.files,
        required_files_by_memory=0,
        dataset_bytes=sizing.dataset_bytes(dataset),
        rank_epoch_bytes=1,
        steps_per_epoch=sizing.steps_per_epoch(dataset, reader.batch_size, ranks),
        step_bytes=sizing.step_bytes(workload),
        rank_memory_bytes=sizing.rank_memory_bytes(dataset, reader),
        host_memory_budget_bytes=2**28,
        required_bandwidth_bytes_per_s=1.0,
        estimated_s=1.0,
    )
