"""Judges one case by every rule of the catalogue.

A rule that needs more than there is gives NOT_APPLICABLE; one that misses an input,
NO_EVIDENCE; one that breaks, ERROR. None of them can pass by accident.
"""

import traceback
from collections.abc import Callable, Sequence

from mlps.errors import NotRecordedError
from mlps.plan import PlanDocument
from rules.catalogue import CATALOGUE
from rules.edition import Edition, Severity, edition_named, editions
from rules.figures import figures
from rules.finding import Finding, Judgement, Outcome, Verdict
from rules.record import CampaignRecord
from rules.rule import (
    Case,
    NotApplicableError,
    Rule,
    Stage,
    StoredCase,
    not_applicable,
)

_LATER = {
    Stage.RUN: "judged after the run",
    Stage.CAMPAIGN: "judged after the run, on the whole campaign",
}


def judge_plan(doc: PlanDocument, stored: bytes | None = None) -> Judgement:
    """Judge a plan before anything ran; `stored` is its file, where there is one."""
    return judge(doc, Stage.PLAN, stored, None)


def judge(
    doc: PlanDocument,
    stage: Stage,
    stored: bytes | None,
    record: CampaignRecord | None,
) -> Judgement:
    """Judge what there is at a stage by every rule."""
    submission = doc.plan.submission
    case = Case(
        doc=doc,
        edition=edition_named(submission.edition),
        editions=tuple(e for e in editions() if e.claimable),
        figures=figures(),
        stage=stage,
        stored_plan=stored,
        campaign=record,
    )
    return Judgement(
        claim=submission.division,
        findings=tuple(
            f for rule in CATALOGUE if rule.judge for f in findings(rule, case)
        ),
    )


def judge_stored(case: StoredCase) -> Judgement:
    """Judge one part of a published tree by every rule of its scope."""
    found = [rule for rule in CATALOGUE if case.scope in rule.stored]
    return Judgement(
        claim=case.division,
        findings=tuple(f for rule in found for f in stored_findings(rule, case)),
        partial=case.partial,
    )


def findings(rule: Rule, case: Case) -> tuple[Finding, ...]:
    """Ask one rule; whatever happens inside it becomes a verdict."""
    if rule.id in case.edition.absent:
        return _named(rule, [_not_in(case.edition)])
    if rule.judge is None or rule.needs > case.stage:
        return _named(rule, [not_applicable(_LATER[rule.needs])])
    judge = rule.judge
    return _named(rule, _outcomes(rule.name, lambda: judge(case)), case.edition)


def stored_findings(rule: Rule, case: StoredCase) -> tuple[Finding, ...]:
    """Ask one rule about a part of a published tree."""
    if rule.id in case.edition.absent:
        return _named(rule, [_not_in(case.edition)])
    judge = rule.stored[case.scope]
    return _named(rule, _outcomes(rule.name, lambda: judge(case)), case.edition)


def _not_in(edition: Edition) -> Outcome:
    return not_applicable(f"not in edition {edition.edition}: {edition.absent_reading}")


def _named(
    rule: Rule, outcomes: Sequence[Outcome], edition: Edition | None = None
) -> tuple[Finding, ...]:
    """Add the rule to its outcomes; the edition decides what only earns a warning."""
    strict = edition.strict(rule.id) if edition else None
    warns = strict is not None and strict.severity is Severity.WARNING
    return tuple(
        Finding(
            rule_id=rule.id,
            name=rule.name,
            verdict=Verdict.WARN
            if warns and outcome.verdict is Verdict.FAIL
            else outcome.verdict,
            expected=outcome.expected,
            actual=outcome.actual,
            where=outcome.where,
            fix=outcome.fix,
            reading=strict.reading if strict else "",
            advisory=warns,
        )
        for outcome in outcomes
    )


def _outcomes(
    name: str, ask: Callable[[], Outcome | Sequence[Outcome]]
) -> Sequence[Outcome]:
    try:
        said = ask()
    except NotApplicableError as reason:
        return [not_applicable(str(reason))]
    except NotRecordedError as error:
        return [
            Outcome(
                verdict=Verdict.NO_EVIDENCE,
                actual=str(error),
                fix="a rule without evidence never passes: record what is named here",
            )
        ]
    except Exception as error:  # noqa: BLE001 - one broken rule must not end the rest
        return [_broken(name, error)]
    outcomes = [said] if isinstance(said, Outcome) else list(said)
    return outcomes or [_broken(name, ValueError("the rule said nothing"))]


def _broken(name: str, error: Exception) -> Outcome:
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].name}, line {frames[-1].lineno}" if frames else name
    text = " ".join(str(error).split())[:200]
    return Outcome(
        verdict=Verdict.ERROR,
        actual=f"{type(error).__name__}: {text} (in {place})",
        fix="the rule itself failed on this input; report it with the input",
    )
