"""From what was asked for to the frozen plan.

Typed, scaled, sized and scheduled here; what the compiler computes itself is noted
as such, with what it was computed from.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from mlps import derivation
from mlps.compiler import provenance, schema
from mlps.compiler.asked import Asked
from mlps.compiler.origin import say
from mlps.compiler.sense import check_columns, check_sense
from mlps.plan import (
    SCHEMA,
    Division,
    Plan,
    PlanDocument,
    Submission,
    System,
    TrainingWorkload,
    TypedError,
    document,
)

NEWEST_EDITION = schema.EDITIONS[-1]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FILES = "workload.dataset.files"
_TIME = "workload.train.computation_time_s"
_OFFICIAL = "workload.figures.official"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """Parts of a plan; `computed`: plan key to what its value was computed from."""

    workload: TrainingWorkload
    system: System
    submission: Submission
    figures: schema.Accelerator | None
    computed: dict[str, str]


def freeze(asked: Asked) -> PlanDocument:
    """Freeze one plan; ConfigError names the key that does not fit and its place."""
    try:
        parts = _sized(_attributed(_scaled(_typed(asked), asked)))
        check_sense(parts.workload, parts.system, parts.submission)
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


def plan_file_name(doc: PlanDocument) -> str:
    """Name of a plan file: name and the first digits of its digest."""
    return f"{doc.campaign_name}.yaml"


def _plan_name(parts: _Parts) -> str:
    name = f"{parts.workload.name}-{parts.system.name}-{parts.submission.name}"
    edition = parts.submission.edition
    return name if edition == NEWEST_EDITION else f"{name}-{edition}"


def _typed(asked: Asked) -> _Parts:
    for group in schema.GROUPS:
        name = asked.data[group].get("name")
        if isinstance(name, str) and not _NAME.fullmatch(name):
            raise TypedError(
                f"{group}.name",
                f"{name!r} names a file: use up to 64 letters, digits, '.', '_', '-'",
            )
    workload = dict(asked.data["workload"])
    if workload.get("kind", "training") != "training":
        raise TypedError(
            "workload.kind",
            f"{workload['kind']!r} is unknown; did you mean 'training'?",
        )
    computed: dict[str, str] = {}
    dataset = workload.get("dataset")
    if isinstance(dataset, Mapping) and dataset.get("files", 0) is None:
        # A placeholder until the dataset itself is typed; see _sized.
        workload["dataset"] = dict(dataset) | {"files": 1}
        computed[_FILES] = "as many as rule 3.1.2 requires, whole files rounded up"
    system = schema.typed(System, asked.data["system"], "system")
    return _Parts(
        workload=schema.typed(TrainingWorkload, workload, "workload"),
        system=system,
        submission=schema.typed(Submission, asked.data["submission"], "submission"),
        figures=_figures(workload.get("accelerators"), system.accelerator),
        computed=computed,
    )


def _figures(table: object, accelerator: str) -> schema.Accelerator | None:
    if not isinstance(table, Mapping) or accelerator not in table:
        return None
    path = f"workload.accelerators.{accelerator}"
    return schema.typed(schema.Accelerator, table[accelerator], path)


def _scaled(parts: _Parts, asked: Asked) -> _Parts:
    """Scale the compute time as the submission declares, unless it was asked for."""
    path = tuple(_TIME.split("."))
    workload, submission = parts.workload, parts.submission
    if asked.origins.override(path) is not None:
        return parts
    time_s, batch = workload.train.computation_time_s, workload.reader.batch_size
    share, factor = Fraction(1), Fraction(repr(submission.scale.compute_factor))
    terms = [f"{time_s} s ({say(asked.origins.of(path))})"]
    if parts.figures is not None and submission.division is Division.DEMO:
        # A demo's smaller batch takes its share of the official batch's time.
        share = Fraction(batch, parts.figures.batch_size)
        terms.append(f"batch {batch} of {parts.figures.batch_size}")
    if share * factor == 1:
        return parts
    terms.append(f"compute_factor {submission.scale.compute_factor}")
    scaled_s = float(Fraction(repr(time_s)) * share * factor)
    train = replace(workload.train, computation_time_s=scaled_s)
    return replace(
        parts,
        workload=replace(workload, train=train),
        computed=parts.computed | {_TIME: " x ".join(terms)},
    )


def _attributed(parts: _Parts) -> _Parts:
    """Call figures official only while they are what the official file says."""
    workload, figures = parts.workload, parts.figures
    if figures is None or not workload.figures.official:
        return parts
    pairs = {
        "batch_size": (workload.reader.batch_size, figures.batch_size),
        "computation_time_s": (
            workload.train.computation_time_s,
            figures.computation_time_s,
        ),
    }
    changed = [f"{n} {own} for {was}" for n, (own, was) in pairs.items() if own != was]
    if not changed:
        return parts
    return replace(
        parts,
        workload=replace(workload, figures=replace(workload.figures, official=False)),
        computed=parts.computed | {_OFFICIAL: f"changed here: {', '.join(changed)}"},
    )


def _sized(parts: _Parts) -> _Parts:
    """Take as many files as the rules require, unless a number was asked for."""
    check_columns(parts.workload)
    if _FILES not in parts.computed:
        return parts
    dataset = parts.workload.dataset
    need = derivation.required(
        dataset, parts.workload.reader.batch_size, parts.system, parts.submission
    )
    sized = replace(dataset, files=need.files(rounding="ceil"))
    return replace(parts, workload=replace(parts.workload, dataset=sized))
