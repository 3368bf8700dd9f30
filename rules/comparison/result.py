"""Reads a result for comparison: judged as ever, then measured run by run."""

from pathlib import Path

from mlps.errors import PlanError
from mlps.plan import Plan, RunKind
from rules.comparison import measurement, surroundings
from rules.comparison.environment import Facts, merged
from rules.comparison.side import ComparedRun, ComparisonError, Side
from rules.engine import judge
from rules.finding import BAD
from rules.record import CampaignRecord, RunRecord
from rules.rule import Stage
from rules.sources.campaign import subjects
from rules.sources.folder import Folder
from rules.sources.loading import load
from rules.sources.places import EVIDENCE
from rules.subject import Subject, Unreadable

_BAD_ROWS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def read_result(path: Path) -> Side:
    """Read a run or campaign directory; ComparisonError says why it can't be."""
    found = _only(path)
    if found.record is None:
        return Side(where=found.where, stage=found.stage, doc=found.doc)
    runs, facts = [], []
    for record in _compared(found.stage, found.record):
        measured, own = _measured(Path(found.where), record, found.doc.plan)
        runs.append(measured)
        facts.append(own)
    verdict, faults = _judged(found)
    return Side(
        where=found.where,
        stage=found.stage,
        doc=found.doc,
        verdict=verdict,
        faults=faults,
        runs=tuple(runs),
        facts=merged(facts),
    )


def _only(path: Path) -> Subject:
    subject, *more = subjects(path)
    if isinstance(subject, Unreadable):
        raise ComparisonError(subject.problem)
    if more:
        raise ComparisonError(
            f"{path}: holds {1 + len(more)} results; name one of them, such as"
            f" {subject.where}"
        )
    return subject


def _compared(stage: Stage, record: CampaignRecord) -> tuple[RunRecord, ...]:
    if stage is Stage.RUN:
        return record.runs
    return tuple(r for r in record.sealed if r.kind == RunKind.MEASURED)


def _judged(found: Subject) -> tuple[str, tuple[str, ...]]:
    try:
        judgement = judge(found.doc, found.stage, found.stored, found.record)
    except PlanError as error:
        return "not judged", (str(error),)
    bad = (f"{f.rule_id} {f.name}" for f in judgement.findings if f.verdict in BAD)
    return judgement.division_verdict.value, tuple(bad)


def _measured(root: Path, record: RunRecord, plan: Plan) -> tuple[ComparedRun, Facts]:
    """Measure one run; its tables are let go before the next one is read."""
    evidence, fault = load(Folder(root), record.where)
    facts = record.evidence
    # What could not be recomputed for the judge is not measured here, either.
    problem = fault or record.evidence_fault or (facts.recompute_fault if facts else "")
    if evidence is None or facts is None or problem:
        raise ComparisonError(
            f"{root / record.where}/{EVIDENCE}: {problem};"
            " a comparison without this run would be another one"
        )
    try:
        units = measurement.units(plan, evidence.tables)
        where = surroundings.facts(evidence.tables)
    except _BAD_ROWS as error:
        raise ComparisonError(
            f"{root / record.where}/{EVIDENCE}: rows make no sense:"
            f" {type(error).__name__}: {error}"
        ) from error
    run = ComparedRun(
        run_id=facts.run_id, kind=record.kind, whole=units[:1], epochs=units[1:]
    )
    return run, where
