"""Judges one case by every rule of the catalogue.

A rule that needs more than there is gives NOT_APPLICABLE; one that misses an input,
NO_EVIDENCE; one that breaks, ERROR. None of them can pass by accident.
"""

import traceback
from collections.abc import Sequence

from mlps.errors import NotRecordedError
from mlps.plan import PlanDocument
from rules.catalogue import CATALOGUE
from rules.edition import edition_named, editions
from rules.figures import figures
from rules.finding import Finding, Judgement, Outcome, Verdict
from rules.record import CampaignRecord
from rules.rule import Case, NotApplicableError, Rule, Stage, not_applicable

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
        editions=editions(),
        figures=figures(),
        stage=stage,
        stored_plan=stored,
        campaign=record,
    )
    return Judgement(
        claim=submission.division,
        findings=tuple(f for rule in CATALOGUE for f in findings(rule, case)),
    )


def findings(rule: Rule, case: Case) -> tuple[Finding, ...]:
    """Ask one rule; whatever happens inside it becomes a verdict."""
    return tuple(
        Finding(
            rule_id=rule.id,
            name=rule.name,
            verdict=outcome.verdict,
            expected=outcome.expected,
            actual=outcome.actual,
            where=outcome.where,
            fix=outcome.fix,
        )
        for outcome in _outcomes(rule, case)
    )


def _outcomes(rule: Rule, case: Case) -> Sequence[Outcome]:
    if rule.needs > case.stage:
        return [not_applicable(_LATER[rule.needs])]
    try:
        said = rule.judge(case)
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
        return [_broken(rule, error)]
    outcomes = [said] if isinstance(said, Outcome) else list(said)
    return outcomes or [_broken(rule, ValueError("the rule said nothing"))]


def _broken(rule: Rule, error: Exception) -> Outcome:
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].name}, line {frames[-1].lineno}" if frames else rule.name
    text = " ".join(str(error).split())[:200]
    return Outcome(
        verdict=Verdict.ERROR,
        actual=f"{type(error).__name__}: {text} (in {place})",
        fix="the rule itself failed on this input; report it with the input",
    )
