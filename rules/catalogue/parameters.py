"""Which figures a submitter may change: the plan against the official table.

What a plan says about where its values came from is not asked: a value is compared
with the official one, and a difference must be on the division's list.
"""

import math
from collections.abc import Sequence

from mlps.plan import Division, Plan, Scale, leaves, plain
from rules.edition import Edition, Parameter
from rules.figures import WorkloadFigures
from rules.finding import Outcome, Verdict
from rules.rule import Case, judged, not_applicable, rule

OURS = (
    "kind",
    "name",
    "figures",
    "dataset.seed",
)
"""Leaves of a plan's workload that no official template has."""

_WHERE = "plan: workload, against the table of official figures"


def official_values(
    known: WorkloadFigures, accelerator: str, edition: Edition
) -> dict[str, object]:
    """Official value of each plan leaf below `workload.` that has one."""
    row = edition.row(known.name)
    values: dict[str, object] = {
        "framework": known.framework,
        "checkpoint": row.checkpoint if row else False,
        "dataset.format": known.format.value,
        "dataset.samples_per_file": known.samples_per_file,
        "dataset.record_length_bytes": known.record_length_bytes,
        "dataset.record_length_stdev_bytes": known.record_length_stdev_bytes,
        "dataset.record_length_resize_bytes": known.record_length_resize_bytes,
        "dataset.row_group_rows": known.row_group_rows,
        "dataset.columns": _columns(plain(known.columns)),
        "dataset.read_columns": list(known.read_columns),
        "reader.data_loader": known.data_loader,
        "reader.file_shuffle": known.file_shuffle.value,
        "reader.sample_shuffle": known.sample_shuffle.value,
        "reader.shuffle_size": known.shuffle_size,
        "metric.au": known.au,
        "metric.exclude_start_steps": known.exclude_start_steps,
        "metric.exclude_end_steps": known.exclude_end_steps,
    }
    if known.model_bytes:
        values["model_bytes"] = known.model_bytes
    figures = known.accelerator(accelerator)
    if figures is not None:
        values["reader.batch_size"] = figures.batch_size
        values["train.computation_time_s"] = figures.computation_time_s
        values["train.epochs"] = figures.epochs
    return values


def planned_values(plan: Plan) -> dict[str, object]:
    """Leaves of the plan's workload, columns as one value."""
    data = plain(plan.workload)
    columns = data["dataset"].pop("columns")
    values = dict(leaves(data))
    values["dataset.columns"] = _columns(columns)
    return values


def _columns(columns: Sequence[dict[str, object]]) -> object:
    keys = ("dtype", "elements", "count", "read")
    return sorted(tuple(str(column[key]) for key in keys) for column in columns)


@rule(
    "3.6.2",
    "trainingClosedSubmissionParameters",
    numbers=lambda edition: [
        f"may be changed: {_say(p)}" for p in edition.parameters(Division.CLOSED)
    ],
)
def closed_parameters(case: Case) -> Sequence[Outcome] | Outcome:
    """Check that a closed plan changes only what CLOSED lets it change.

    Every figure of the workload is compared with the official one for this
    accelerator and edition; a changed one must be in the CLOSED list, within its
    limits (prefetch at most 2, O_DIRECT for unet3d only).
    """
    if case.division is Division.OPEN:
        return not_applicable("the plan claims open: judged by 3.6.3")
    return _parameters(case, Division.CLOSED)


@rule(
    "3.6.3",
    "trainingOpenSubmissionParameters",
    numbers=lambda edition: [
        f"may be changed: {_say(p)}" for p in edition.parameters(Division.OPEN)
    ],
)
def open_parameters(case: Case) -> Sequence[Outcome] | Outcome:
    """Check that an open plan changes only what OPEN lets it change.

    OPEN adds framework, file format, samples per file (tfrecord only) and data
    loader to the CLOSED list; anything else is official or the plan is invalid.
    """
    if case.division is not Division.OPEN:
        return not_applicable(f"the plan claims {case.division.value}, not open")
    return _parameters(case, Division.OPEN)


def _parameters(case: Case, division: Division) -> Outcome:
    workload, accelerator = case.plan.workload.name, case.plan.system.accelerator
    known = next((f for f in case.figures if f.name == workload), None)
    expected = f"official figures, but for the {division.value.upper()} parameters"
    if known is None or known.accelerator(accelerator) is None:
        return Outcome(
            verdict=Verdict.WAIVED if case.waiver else Verdict.NO_EVIDENCE,
            expected=expected,
            actual=f"no figures of {workload} on {accelerator} to compare with"
            + (f" (waived by {case.waiver})" if case.waiver else ""),
            where=_WHERE,
            fix="see EV-02",
        )
    allowed = case.edition.parameters(division)
    official = official_values(known, accelerator, case.edition)
    illegal, legal = _differences(case.plan, official, allowed)
    return judged(
        not illegal,
        expected=expected,
        actual="; ".join(illegal) or _changed(case, legal),
        where=_WHERE,
        fix="take the official values of "
        + ", ".join(f"workload.{text.split(' ')[0]}" for text in illegal),
        waiver=case.waiver,
    )


def _changed(case: Case, legal: Sequence[str]) -> str:
    changed = f"changed as allowed: {', '.join(legal)}" if legal else "all official"
    factor = case.plan.submission.scale.compute_factor
    return changed if factor == 1 else f"{changed}; compute at declared factor {factor}"


def _differences(
    plan: Plan, official: dict[str, object], allowed: Sequence[Parameter]
) -> tuple[list[str], list[str]]:
    planned = planned_values(plan)
    wanted = dict(official)
    if "train.computation_time_s" in wanted:
        # Per sample the declared scale stretches it; a changed batch is its own fault.
        nominal = float(str(wanted["train.computation_time_s"]))
        batches = plan.workload.reader.batch_size / int(
            str(wanted["reader.batch_size"])
        )
        factor = plan.submission.scale.compute_factor * batches
        wanted["train.computation_time_s"] = nominal * factor
    illegal, legal = [], []
    for key, value in wanted.items():
        if _same(key, planned[key], value):
            continue
        if any(p.key == key and not _limit(plan, p) for p in allowed):
            legal.append(key)
        else:
            illegal.append(f"{key} is {planned[key]}, official {value}")
    illegal += [
        text for p in allowed if (text := _limit(plan, p)) and p.key not in wanted
    ]
    return illegal, legal


def _same(key: str, planned: object, official: object) -> bool:
    if key == "dataset.read_columns" and official == []:
        return True
    if isinstance(planned, float) or isinstance(official, float):
        return math.isclose(float(str(planned)), float(str(official)), rel_tol=1e-9)
    return planned == official


def _limit(plan: Plan, parameter: Parameter) -> str:
    """Say which limit of a changeable parameter the plan breaks, or nothing."""
    value = planned_values(plan)[parameter.key]
    workload = plan.workload
    if parameter.most and isinstance(value, int) and value > parameter.most:
        return f"{parameter.key} is {value}, at most {parameter.most}"
    if value and parameter.workloads and workload.name not in parameter.workloads:
        only = ", ".join(parameter.workloads)
        return f"{parameter.key} is {value}, only {only} may have it"
    if parameter.formats and workload.dataset.format not in parameter.formats:
        return f"{parameter.key} may change for {', '.join(parameter.formats)} only"
    return ""


def _say(parameter: Parameter) -> str:
    limits = []
    if parameter.workloads:
        limits.append(f"{', '.join(parameter.workloads)} only")
    if parameter.formats:
        limits.append(f"{', '.join(parameter.formats)} only")
    if parameter.most:
        limits.append(f"at most {parameter.most}")
    text = f"{parameter.official} (plan: workload.{parameter.key})"
    return f"{text}: {', '.join(limits)}" if limits else text


@rule(
    "EV-09",
    "scaleIsOfficial",
    numbers=lambda edition: [
        f"{edition.dataset_size.min_steps} steps",
        f"{edition.dataset_size.memory_multiple} x memory",
        "compute factor 1",
    ],
)
def scale(case: Case) -> Outcome:
    """Check that the plan is not scaled down from the official size.

    A laptop-scale plan declares what it divides by; it may run and be checked, but
    it can't be claimed closed or open.
    """
    declared = case.plan.submission.scale
    size = case.edition.dataset_size
    official = Scale(
        min_steps=size.min_steps,
        memory_multiple=size.memory_multiple,
        compute_factor=1.0,
    )
    return judged(
        declared == official,
        expected=f"{official.min_steps} steps, {official.memory_multiple} x memory,"
        " compute factor 1",
        actual=f"declared scale: {declared.min_steps} steps,"
        f" {declared.memory_multiple} x memory,"
        f" compute factor {declared.compute_factor:g}",
        where="plan: submission.scale",
        fix="take submission closed, open or whatif, which are at official scale",
        waiver=case.waiver,
    )
