"""What a rule is, what it is shown, and how it says what it found.

A rule is a function from a `Case` to one or more outcomes. The same function
judges the plan before the run and the evidence after it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum

from mlps.errors import NotRecordedError
from mlps.plan import Division, PhaseKind, Plan, PlanDocument, Run, RunKind
from rules.edition import Edition
from rules.figures import WorkloadFigures
from rules.finding import Outcome, Verdict
from rules.record import CampaignRecord, RunRecord
from rules.stored import Comparison, Organisation, Tree, Workload

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


class Scope(StrEnum):
    """Which part of a published tree a rule judges."""

    TREE = "tree"
    ORGANISATION = "organisation"
    TRAINING = "training"
    CHECKPOINTING = "checkpointing"
    VECTOR_DATABASE = "vector_database"
    KV_CACHE = "kv_cache"


WORKLOADS = (
    Scope.TRAINING,
    Scope.CHECKPOINTING,
    Scope.VECTOR_DATABASE,
    Scope.KV_CACHE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCase:
    """One part of a published tree and the rules that apply to it.

    `partial` says that the tree is an excerpt: a file that is not there is no fault.
    `comparisons` are the official numbers of the workload beside recomputed ones.
    """

    edition: Edition
    figures: tuple[WorkloadFigures, ...]
    scope: Scope
    division: Division
    partial: bool
    tree: Tree
    submitter: Organisation | None = None
    result: Workload | None = None
    comparisons: tuple[Comparison, ...] = ()

    @property
    def organisation(self) -> Organisation:
        """The organisation; only for rules of that scope."""
        if self.submitter is None:
            raise LookupError("this rule judges an organisation")
        return self.submitter

    @property
    def workload(self) -> Workload:
        """The workload; only for rules of a workload's scope."""
        if self.result is None:
            raise LookupError("this rule judges a workload")
        return self.result


Judge = Callable[[Case], Outcome | Sequence[Outcome]]
StoredJudge = Callable[[StoredCase], Outcome | Sequence[Outcome]]
Numbers = Callable[[Edition], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule: `numbers` are the edition's figures it goes by, as sentences.

    `judge` judges our own plans and runs, `stored` parts of published trees. A rule
    that has neither is a `definition`: a sentence of the rules that other rules check.
    `ours` says what we define because the official rules leave it open.
    """

    id: str
    name: str
    needs: Stage = Stage.PLAN
    judge: Judge | None = None
    stored: Mapping[Scope, StoredJudge] = field(default_factory=dict)
    numbers: Numbers = lambda _: ()
    definition: str = ""
    ours: str = ""

    @property
    def explanation(self) -> str:
        """The rule in words: the docstrings of what judges by it."""
        judges = [self.judge, *dict.fromkeys(self.stored.values())]
        texts = [_words(judge.__doc__) for judge in judges if judge]
        return "\n\n".join(dict.fromkeys([*texts, _words(self.definition)])).strip()

    def also(
        self, *scopes: Scope, numbers: Numbers | None = None, ours: str = ""
    ) -> Callable[[StoredJudge], "Rule"]:
        """Decorate a function that judges published trees by the same rule."""

        def wrap(judge: StoredJudge) -> Rule:
            return replace(
                self,
                stored={**self.stored, **dict.fromkeys(scopes, judge)},
                numbers=numbers or self.numbers,
                ours=ours or self.ours,
            )

        return wrap


def _words(text: str | None) -> str:
    return "\n".join(line.strip() for line in (text or "").strip().splitlines())


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


def stored_rule(
    rule_id: str,
    name: str,
    *scopes: Scope,
    numbers: Numbers = lambda _: (),
    ours: str = "",
) -> Callable[[StoredJudge], Rule]:
    """Turn a function into a rule about parts of published trees."""

    def wrap(judge: StoredJudge) -> Rule:
        return Rule(
            id=rule_id,
            name=name,
            stored=dict.fromkeys(scopes, judge),
            numbers=numbers,
            ours=ours,
        )

    return wrap


def definition(rule_id: str, name: str, text: str) -> Rule:
    """Name a sentence of the rules that asks for no check of its own, and why."""
    return Rule(id=rule_id, name=name, definition=text)


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


def included(  # noqa: PLR0913 - one for each part of an outcome
    case: StoredCase,
    absent: Sequence[str],
    *,
    expected: str,
    actual: str,
    where: str,
    fix: str,
) -> Outcome:
    """PASS when nothing that must be there is absent; in an excerpt that is fine."""
    if absent and case.partial:
        return not_applicable(
            f"not included in this excerpt: {first_of(absent, _MANY)}"
        )
    return faultless(absent, expected=expected, actual=actual, where=where, fix=fix)


def first_of(texts: Sequence[str], many: int, *, between: str = "; ") -> str:
    """Join the first texts and say how many more there are."""
    more = f"{between}and {len(texts) - many} more" if len(texts) > many else ""
    return between.join(texts[:many]) + more


def not_applicable(why: str) -> Outcome:
    """NOT_APPLICABLE, because."""
    return Outcome(verdict=Verdict.NOT_APPLICABLE, actual=why)
