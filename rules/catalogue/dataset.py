"""Whether the dataset is large enough, and whether it is what the run read."""

from fractions import Fraction

from mlps import sizing
from mlps.errors import NotRecordedError
from mlps.plan import Dataset
from mlps.units import format_bytes
from rules.edition import Edition
from rules.finding import Outcome
from rules.record import RunEvidence
from rules.rule import TRAINING, Case, Stage, faultless, judged, rule


def _numbers(edition: Edition) -> list[str]:
    size = edition.dataset_size
    return [
        f"at least {size.min_steps} steps x batch size x accelerators",
        f"at least {size.memory_multiple} x the memory of all hosts",
        size.reading,
    ]


@rule("3.1.2", "trainingRecalculateDatasetSize", numbers=_numbers)
def dataset_size(case: Case) -> Outcome:
    """Check that the dataset is too large for the memory of the clients.

    The larger of two branches counts: steps x batch x accelerators samples, and a
    multiple of the memory of all hosts. Before the run the declared memory is taken,
    after it what the hosts reported themselves.
    """
    plan, scale = case.plan, case.plan.submission.scale
    ranks, memory_bytes, source = _world(case)
    dataset, batch = plan.workload.dataset, plan.workload.reader.batch_size
    need = sizing.requirement(dataset, batch, ranks, memory_bytes, scale)
    files = need.files(rounding=case.edition.dataset_size.rounding)
    return judged(
        dataset.files >= files,
        expected=f"at least {files} files: {scale.min_steps} steps x {batch} x {ranks}"
        f" accelerators need {_files(need.by_steps)};"
        f" {scale.memory_multiple} x {format_bytes(memory_bytes)} ({source})"
        f" need {_files(need.by_memory)}",
        actual=f"{dataset.files} files" + _declared(case),
        where="plan: workload.dataset.files"
        + ("; evidence: /hosts/memory_bytes" if source == "collected" else ""),
        fix=f"set workload.dataset.files to {files} or more and compile again",
    )


def _files(exact: Fraction) -> str:
    whole = f"{int(exact)}" if exact.denominator == 1 else f"{float(exact):.1f}"
    return f"{whole} files"


def _world(case: Case) -> tuple[int, int, str]:
    system = case.plan.system
    if case.stage is Stage.PLAN:
        declared = system.hosts * system.host_memory_bytes
        return sizing.ranks(system), declared, "declared"
    ranks, memory_bytes = 0, 0
    for run in case.presented(*TRAINING):
        evidence = run.read()
        if not evidence.hosts or not evidence.ranks:
            raise NotRecordedError(
                f"{run.where}: /hosts or /ranks has no rows;"
                " record one row per host and per rank"
            )
        ranks = max(ranks, len(evidence.ranks))
        memory_bytes = max(memory_bytes, sum(h.memory_bytes for h in evidence.hosts))
    return ranks, memory_bytes, "collected"


def _declared(case: Case) -> str:
    scale, size = case.plan.submission.scale, case.edition.dataset_size
    steps = (scale.min_steps, size.min_steps)
    memory = (scale.memory_multiple, size.memory_multiple)
    if steps[0] == steps[1] and memory[0] == memory[1]:
        return ""
    return (
        f" at declared scale: {steps[0]} of {steps[1]} steps,"
        f" {memory[0]} of {memory[1]} x memory"
    )


@rule("3.3.1", "trainingRunDataMatchesDatasize", needs=Stage.RUN)
def run_data(case: Case) -> Outcome:
    """Check that every run read the planned dataset, all of it and nothing less.

    The generated dataset holds at least the planned files and, at the mean record
    length, their bytes; each rank takes the planned steps and samples in each epoch;
    the bytes delivered are those of that many records. Record lengths that vary get
    five standard deviations of their mean, framing 2 %.
    """
    plan, world = case.plan, sizing.ranks(case.plan.system)
    dataset, batch = plan.workload.dataset, plan.workload.reader.batch_size
    steps = sizing.steps_per_epoch(dataset, batch, world)
    faults = []
    for run in case.presented(*TRAINING):
        evidence = run.read()
        if evidence.dataset is None or not evidence.closings:
            raise NotRecordedError(
                f"{run.where}: /dataset or /phases has no rows; record the adopted"
                " dataset and a closing record of each rank and phase"
            )
        faults += [f"{run.label}: {text}" for text in _short_dataset(case, evidence)]
        faults += [
            f"{run.label}: {text}"
            for text in _short_reads(case, run.number, evidence, steps)
        ]
    return faultless(
        faults,
        expected=f"{dataset.files} files,"
        f" {format_bytes(sizing.dataset_bytes(dataset))} at the mean record length;"
        f" {steps} steps of {batch} samples of each rank in each epoch",
        actual="as planned in every run",
        where="evidence: /dataset, /phases; plan: workload.dataset",
        fix="generate the dataset of this plan (run its datagen) and run again",
    )


def _short_dataset(case: Case, evidence: RunEvidence) -> list[str]:
    planned, found = case.plan.workload.dataset, evidence.dataset
    if found is None:
        return []
    faults = []
    if found.files < planned.files:
        faults.append(f"the dataset has {found.files} of {planned.files} files")
    least = _least_bytes(
        planned, found.files * planned.samples_per_file, sizing.record_bytes(planned)
    )
    if found.dataset_bytes < least:
        faults.append(
            f"{found.files} files hold {found.dataset_bytes} bytes, at least"
            f" {least} are expected of them"
        )
    return faults


def _short_reads(
    case: Case, number: int, evidence: RunEvidence, steps: int
) -> list[str]:
    workload, epochs = case.plan.workload, case.epochs(number)
    samples = steps * workload.reader.batch_size
    least = _least_bytes(
        workload.dataset, samples, sizing.record_read_bytes(workload.dataset)
    )
    faults = []
    for closing in evidence.closings:
        if closing.phase not in epochs:
            continue
        who = f"rank {closing.rank} in {epochs[closing.phase]}"
        if (closing.steps, closing.samples) != (steps, samples):
            faults.append(
                f"{who} took {closing.steps} steps, {closing.samples} samples"
            )
        elif closing.delivered_bytes < least:
            faults.append(
                f"{who} got {closing.delivered_bytes} bytes, at least {least} expected"
            )
    return faults


def _least_bytes(dataset: Dataset, samples: int, record_bytes: Fraction) -> int:
    spread = 5 * dataset.record_length_stdev_bytes * samples**0.5
    return max(int(samples * record_bytes * Fraction(98, 100) - Fraction(spread)), 0)
