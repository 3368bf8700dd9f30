"""From what was asked for to the frozen plan.

Typed, sized and scheduled here; what the compiler computes itself is noted as such,
with what it was computed from.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from mlps import derivation, sizing
from mlps.compiler import provenance, schema
from mlps.compiler.asked import Asked
from mlps.compiler.origin import say
from mlps.plan import (
    SCHEMA,
    Division,
    Figures,
    Plan,
    PlanDocument,
    Submission,
    System,
    TrainingWorkload,
    TypedError,
    document,
)

NEWEST_EDITION = schema.EDITIONS[-1]
MAX_PHASES = 10_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DTYPES = ("float64", "int64", "float32", "float16", "int8")
_TIME = "workload.train.computation_time_s"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """Parts of a plan; `computed`: plan key to what its value was computed from."""

    workload: TrainingWorkload
    system: System
    submission: Submission
    computed: dict[str, str]


def freeze(asked: Asked) -> PlanDocument:
    """Freeze one plan; ConfigError names the key that does not fit and its place."""
    try:
        parts = _sized(_timed(_typed(asked), asked), asked)
        _check_sense(parts)
    except TypedError as error:
        raise asked.origins.error(error) from error
    derived = derivation.derive(parts.workload, parts.system, parts.submission)
    plan = Plan(
        schema=SCHEMA,
        name=_plan_name(parts),
        workload=parts.workload,
        system=parts.system,
        submission=parts.submission,
        derived=derived,
        campaign=derivation.schedule(parts.workload, parts.submission, derived),
    )
    return document(plan, provenance.provenance(plan, asked, parts.computed))


def _plan_name(parts: _Parts) -> str:
    name = f"{parts.workload.name}-{parts.system.name}-{parts.submission.name}"
    edition = parts.submission.edition
    return name if edition == NEWEST_EDITION else f"{name}-{edition}"


def _typed(asked: Asked) -> _Parts:
    data = asked.data
    for group in schema.GROUPS:
        name = data[group].get("name")
        if isinstance(name, str) and not _NAME.fullmatch(name):
            raise TypedError(
                f"{group}.name",
                f"{name!r} names a file: use up to 64 letters, digits, '.', '_', '-'",
            )
    computed: dict[str, str] = {}
    workload = dict(data["workload"])
    dataset = workload.get("dataset")
    if isinstance(dataset, Mapping) and dataset.get("files", 0) is None:
        # A placeholder until the dataset itself is typed; see _sized.
        workload["dataset"] = dict(dataset) | {"files": 1}
        computed["workload.dataset.files"] = (
            "as many files as rule 3.1.2 requires, whole files rounded up"
        )
    return _Parts(
        workload=schema.typed(TrainingWorkload, workload, "workload"),
        system=schema.typed(System, data["system"], "system"),
        submission=schema.typed(Submission, data["submission"], "submission"),
        computed=computed,
    )


def _timed(parts: _Parts, asked: Asked) -> _Parts:
    """Scale the compute time as declared, and say which figures stay official."""
    workload, submission = parts.workload, parts.submission
    figures = _accelerator(asked, parts.system.accelerator)
    time_s, computed = workload.train.computation_time_s, dict(parts.computed)
    if asked.origins.override(tuple(_TIME.split("."))) is None:
        factor = Fraction(repr(submission.scale.compute_factor))
        terms = [f"{time_s} s ({say(asked.origins.of(tuple(_TIME.split('.'))))})"]
        share = Fraction(1)
        if figures is not None and submission.division is Division.DEMO:
            share = Fraction(workload.reader.batch_size, figures.batch_size)
            terms.append(f"batch {workload.reader.batch_size} of {figures.batch_size}")
        if share * factor != 1:
            terms.append(f"compute_factor {submission.scale.compute_factor}")
            time_s = float(Fraction(repr(time_s)) * share * factor)
            computed[_TIME] = " x ".join(terms)
    train = replace(workload.train, computation_time_s=time_s)
    workload = replace(workload, train=train)
    changed = _changed(workload, figures)
    if changed and workload.figures.official:
        computed["workload.figures.official"] = f"changed here: {', '.join(changed)}"
        workload = replace(
            workload,
            figures=Figures(
                official=False,
                editions=workload.figures.editions,
                source=workload.figures.source,
            ),
        )
    return replace(parts, workload=workload, computed=computed)


def _accelerator(asked: Asked, name: str) -> schema.Accelerator | None:
    table = asked.data["workload"].get("accelerators")
    if not isinstance(table, Mapping) or name not in table:
        return None
    path = f"workload.accelerators.{name}"
    return schema.typed(schema.Accelerator, table[name], path)


def _changed(
    workload: TrainingWorkload, figures: schema.Accelerator | None
) -> list[str]:
    if figures is None:
        return []
    pairs = {
        "batch_size": (workload.reader.batch_size, figures.batch_size),
        "computation_time_s": (
            workload.train.computation_time_s,
            figures.computation_time_s,
        ),
    }
    return [f"{name} {own} for {was}" for name, (own, was) in pairs.items() if own != was]


def _sized(parts: _Parts, asked: Asked) -> _Parts:
    """Take as many files as the rules require, unless a number was asked for."""
    _check_columns(parts.workload)
    if "workload.dataset.files" not in parts.computed:
        return parts
    dataset = parts.workload.dataset
    need = derivation.required(
        dataset, parts.workload.reader.batch_size, parts.system, parts.submission
    )
    sized = replace(dataset, files=need.files(rounding="ceil"))
    return replace(parts, workload=replace(parts.workload, dataset=sized))


def _check_columns(workload: TrainingWorkload) -> None:
    for index, column in enumerate(workload.dataset.columns):
        path = f"workload.dataset.columns.{index}"
        if column.dtype not in _DTYPES:
            raise TypedError(
                f"{path}.dtype", f"{column.dtype!r} is unknown; {', '.join(_DTYPES)}"
            )
        if column.read > column.count:
            raise TypedError(f"{path}.read", f"is {column.read} of {column.count}")


def _check_sense(parts: _Parts) -> None:
    """Refuse what is well typed but can't be run."""
    workload, system, submission = parts.workload, parts.system, parts.submission
    if not 0 < workload.metric.au <= 1:
        raise TypedError("workload.metric.au", "must be above 0 and at most 1")
    if submission.verify_fraction > 1:
        raise TypedError("submission.verify_fraction", "must be at most 1")
    if system.hosts > 1 and not system.data_shared:
        raise TypedError(
            "system.data_shared",
            f"is false with {system.hosts} hosts; several hosts need one shared data"
            " path (system.data_shared=true)",
        )
    _check_steps(parts)
    runs = submission.warmup_runs + submission.measured_runs
    phases = runs * workload.train.epochs * 2
    if phases > MAX_PHASES:
        raise TypedError(
            "submission.measured_runs",
            f"{runs} runs of {workload.train.epochs} epochs are {phases} phases;"
            f" a plan holds at most {MAX_PHASES}",
        )


def _check_steps(parts: _Parts) -> None:
    workload, world = parts.workload, sizing.ranks(parts.system)
    dataset, metric = workload.dataset, workload.metric
    steps = sizing.steps_per_epoch(dataset, workload.reader.batch_size, world)
    left_out = metric.exclude_start_steps + metric.exclude_end_steps
    if steps <= left_out:
        raise TypedError(
            "workload.dataset.files",
            f"{dataset.files} files for {world} ranks give {steps} steps of batch"
            f" {workload.reader.batch_size}, of which {left_out} are not measured;"
            " take more files or a smaller batch",
        )


def plan_file_name(doc: PlanDocument) -> str:
    """Name of a plan file: name and the first digits of its digest."""
    return f"{doc.campaign_name}.yaml"


