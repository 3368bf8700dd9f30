"""What a rule is, what it is shown, and how it says what it found.

A rule is a function from a `Case` to one or more outcomes. The same function
judges the plan before the run and the evidence after it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from mlps.errors import NotRecordedError
from mlps.plan import Division, PhaseKind, Plan, PlanDocument, Run, RunKind
from rules.edition import Edition
from rules.figures import WorkloadFigures
from rules.finding import Outcome, Verdict
from rules.record import CampaignRecord, RunRecord

TRAINING = (RunKind.WARMUP, RunKind.MEASURED)
_MANY = 6

_WAIVERS = {
    Division.DEMO: "submission demo: laptop scale",
    Division.WHATIF: "submission whatif: nothing is claimed",
}


class NotApplicableError(Exception):
    """A rule that has nothing to say about this case, because."""


class Stage(IntEnum):
    """How much there is to judge."""

    PLAN = 0
    RUN = 1
    CAMPAIGN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The plan, the rules that apply, and what was recorded, if anything."""

    doc: PlanDocument
    edition: Edition
    editions: tuple[Edition, ...]
    figures: tuple[WorkloadFigures, ...]
    stage: Stage
    stored_plan: bytes | None = None
    campaign: CampaignRecord | None = None

    @property
    def plan(self) -> Plan:
        """The plan under judgement."""
        return self.doc.plan

    @property
    def division(self) -> Division:
        """The division the plan claims."""
        return self.doc.plan.submission.division

    @property
    def waiver(self) -> str:
        """Who waives official figures here, or nothing."""
        return _WAIVERS.get(self.division, "")

    @property
    def record(self) -> CampaignRecord:
        """What was recorded; only for rules that need a run."""
        if self.campaign is None:
            raise LookupError("this rule was asked before there was a run")
        return self.campaign

    def epochs(self, number: int) -> dict[int, str]:
        """Names of the phases of a planned run that are epochs, by phase number."""
        phases = next((r.phases for r in self.runs if r.number == number), ())
        return {
            place: phase.name
            for place, phase in enumerate(phases)
            if phase.kind is PhaseKind.EPOCH
        }

    @property
    def runs(self) -> tuple[Run, ...]:
        """The planned runs."""
        return self.doc.plan.campaign.runs

    def presented(self, *kinds: RunKind) -> Sequence[RunRecord]:
        """Sealed runs of the kinds (any, when none is named); never empty."""
        wanted = kinds or tuple(RunKind)
        names = " or ".join(kind.value for kind in wanted)
        if self.stage is Stage.RUN and self.record.runs[0].kind not in wanted:
            raise NotApplicableError(f"judged on {names} runs")
        runs = [run for run in self.record.sealed if run.kind in wanted]
        if not runs:
            raise NotRecordedError(
                f"{self.record.where}: no sealed {names} run;"
                " run the campaign to its end"
            )
        return runs


Judge = Callable[[Case], Outcome | Sequence[Outcome]]
Numbers = Callable[[Edition], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule: `numbers` are the edition's figures it goes by, as sentences."""

    id: str
    name: str
    needs: Stage
    judge: Judge
    numbers: Numbers

    @property
    def explanation(self) -> str:
        """The rule in words: its docstring."""
        lines = (self.judge.__doc__ or "").strip().splitlines()
        return "\n".join(line.strip() for line in lines)


def rule(
    rule_id: str,
    name: str,
    *,
    needs: Stage = Stage.PLAN,
    numbers: Numbers = lambda _: (),
) -> Callable[[Judge], Rule]:
    """Turn a function into a rule; `needs` is the first stage it can judge."""

    def wrap(judge: Judge) -> Rule:
        return Rule(id=rule_id, name=name, needs=needs, judge=judge, numbers=numbers)

    return wrap


def judged(  # noqa: PLR0913 - one for each part of an outcome
    holds: bool,
    *,
    expected: str,
    actual: str,
    where: str,
    fix: str,
    waiver: str = "",
) -> Outcome:
    """PASS when it holds, WAIVED when someone waives it, else FAIL."""
    if holds:
        return Outcome(
            verdict=Verdict.PASS, expected=expected, actual=actual, where=where
        )
    if waiver:
        return Outcome(
            verdict=Verdict.WAIVED,
            expected=expected,
            actual=f"{actual} (waived by {waiver})",
            where=where,
        )
    return Outcome(
        verdict=Verdict.FAIL, expected=expected, actual=actual, where=where, fix=fix
    )


def faultless(  # noqa: PLR0913 - one for each part of an outcome
    faults: Sequence[str],
    *,
    expected: str,
    actual: str,
    where: str,
    fix: str,
    waiver: str = "",
) -> Outcome:
    """PASS without faults, else name the first ones and count the rest."""
    return judged(
        not faults,
        expected=expected,
        actual=first_of(faults, _MANY) if faults else actual,
        where=where,
        fix=fix,
        waiver=waiver,
    )


def first_of(texts: Sequence[str], many: int, *, between: str = "; ") -> str:
    """Join the first texts and say how many more there are."""
    more = f"{between}and {len(texts) - many} more" if len(texts) > many else ""
    return between.join(texts[:many]) + more


def not_applicable(why: str) -> Outcome:
    """NOT_APPLICABLE, because."""
    return Outcome(verdict=Verdict.NOT_APPLICABLE, actual=why)
