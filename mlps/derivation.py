"""What follows from a workload, a system and a submission: facts and campaign.

Pure and exact, so that whoever reads a plan can recompute both and compare.
"""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil

from mlps import sizing
from mlps.plan import (
    Campaign,
    Dataset,
    Derived,
    Phase,
    PhaseKind,
    Run,
    RunKind,
    Submission,
    System,
    TrainingWorkload,
)

MIN_DEADLINE_S = 60.0
FLUSH_DEADLINE_S = 300.0
COMPUTE_SLACK = 3


def required(
    dataset: Dataset, batch_size: int, system: System, submission: Submission
) -> sizing.Requirement:
    """Size rule 3.1.2 for this system at the submission's scale."""
    return sizing.requirement(
        dataset,
        batch_size,
        sizing.ranks(system),
        system.hosts * system.host_memory_bytes,
        submission.scale,
    )


def derive(
    workload: TrainingWorkload, system: System, submission: Submission
) -> Derived:
    """Compute every derived fact of a plan."""
    world = sizing.ranks(system)
    need = required(workload.dataset, workload.reader.batch_size, system, submission)
    steps = sizing.steps_per_epoch(workload.dataset, workload.reader.batch_size, world)
    step_bytes = sizing.step_bytes(workload)
    rank_memory = sizing.rank_memory_bytes(workload.dataset, workload.reader)
    return Derived(
        ranks=world,
        required_files=need.files(rounding="ceil"),
        required_files_by_steps=ceil(need.by_steps),
        required_files_by_memory=ceil(need.by_memory),
        dataset_bytes=sizing.dataset_bytes(workload.dataset),
        rank_epoch_bytes=steps * step_bytes,
        steps_per_epoch=steps,
        step_bytes=step_bytes,
        rank_memory_bytes=rank_memory,
        host_memory_budget_bytes=system.accelerators_per_host
        * (rank_memory + sizing.PROCESS_OVERHEAD_BYTES),
        required_bandwidth_bytes_per_s=sizing.required_bandwidth_bytes_per_s(
            workload, world
        ),
        calibration_steps=sizing.calibration_steps(
            workload, world, submission.calibration_s
        ),
        estimated_s=_estimated_s(workload, submission, world),
    )


def _estimated_s(
    workload: TrainingWorkload, submission: Submission, world: int
) -> float:
    runs = submission.warmup_runs + submission.measured_runs
    epoch_s = sizing.epoch_compute_s(workload, world) / workload.metric.au
    return runs * workload.train.epochs * epoch_s


def schedule(
    workload: TrainingWorkload, submission: Submission, derived: Derived
) -> Campaign:
    """Lay out the runs: datagen, warm-up, measured; each epoch reads cold if asked."""
    phases = _epochs(workload, submission, derived)
    datagen = Phase(
        name="datagen",
        kind=PhaseKind.DATAGEN,
        epoch=0,
        deadline_s=_deadline_s(
            Fraction(derived.dataset_bytes, derived.ranks), submission, 0.0
        ),
    )
    kinds = [RunKind.WARMUP] * submission.warmup_runs
    kinds += [RunKind.MEASURED] * submission.measured_runs
    first = (datagen, *_calibration(workload, derived))
    runs = [Run(number=0, kind=RunKind.DATAGEN, seed=submission.seed, phases=first)]
    runs += [
        Run(number=number, kind=kind, seed=submission.seed + number, phases=phases)
        for number, kind in enumerate(kinds, start=1)
    ]
    return Campaign(runs=tuple(runs))


def _calibration(workload: TrainingWorkload, derived: Derived) -> Iterator[Phase]:
    """Lay out the steps without storage, on the ranks and at the pace of the runs."""
    compute_s = derived.calibration_steps * workload.train.computation_time_s
    if derived.calibration_steps:
        yield Phase(
            name="calibration",
            kind=PhaseKind.CALIBRATION,
            epoch=0,
            deadline_s=max(MIN_DEADLINE_S, float(ceil(COMPUTE_SLACK * compute_s))),
        )


def _epochs(
    workload: TrainingWorkload, submission: Submission, derived: Derived
) -> tuple[Phase, ...]:
    compute_s = sizing.epoch_compute_s(workload, derived.ranks)
    deadline_s = _deadline_s(
        Fraction(derived.rank_epoch_bytes), submission, COMPUTE_SLACK * compute_s
    )
    phases: list[Phase] = []
    for epoch in range(1, workload.train.epochs + 1):
        if submission.cold_reads:
            phases.append(
                Phase(
                    name=f"flush-{epoch}",
                    kind=PhaseKind.FLUSH,
                    epoch=0,
                    deadline_s=FLUSH_DEADLINE_S,
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


def _deadline_s(rank_bytes: Fraction, submission: Submission, slack_s: float) -> float:
    reading_s = rank_bytes / submission.min_rate_bytes_per_s
    return max(MIN_DEADLINE_S, float(ceil(reading_s + Fraction(slack_s))))
