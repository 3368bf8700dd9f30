"""The frozen run plan: types, strict building, file form and identity."""

from mlps.plan.campaign import Campaign, Derived, Phase, PhaseKind, Run, RunKind
from mlps.plan.document import (
    SCHEMA,
    Plan,
    PlanDocument,
    digest_of,
    document,
    parse,
    render,
)
from mlps.plan.setting import Division, Sampler, Scale, Submission, System
from mlps.plan.training import (
    Column,
    ColumnType,
    Dataset,
    Figures,
    FileFormat,
    Metric,
    Reader,
    Shuffle,
    Train,
    TrainingWorkload,
)
from mlps.plan.typed import TypedError, build, leaves, nearest, plain

__all__ = [
    "SCHEMA",
    "Campaign",
    "Column",
    "ColumnType",
    "Dataset",
    "Derived",
    "Division",
    "Figures",
    "FileFormat",
    "Metric",
    "Phase",
    "PhaseKind",
    "Plan",
    "PlanDocument",
    "Reader",
    "Run",
    "RunKind",
    "Sampler",
    "Scale",
    "Shuffle",
    "Submission",
    "System",
    "Train",
    "TrainingWorkload",
    "TypedError",
    "build",
    "digest_of",
    "document",
    "leaves",
    "nearest",
    "parse",
    "plain",
    "render",
]
