"""Whether the accelerators were kept busy."""

from collections.abc import Sequence

from mlps.errors import NotRecordedError
from mlps.plan import RunKind
from rules.edition import Edition
from rules.finding import Outcome, Verdict
from rules.record import RunRecord, Utilization
from rules.rule import Case, Stage, faultless, judged, rule

_LEAST_OVERSLEEP_PERCENT = -0.1


def _numbers(edition: Edition) -> Sequence[str]:
    rows = [f"{row.name}: at least {100 * row.au:g} %" for row in edition.workloads]
    return [*rows, edition.utilization.reading]


@rule("3.3.2", "trainingAcceleratorUtilizationCheck", numbers=_numbers)
def utilization(case: Case) -> Sequence[Outcome]:
    """Check the utilization of each measured run, recomputed from its steps.

    Nominal compute time over running time, mean over ranks and epochs, must reach
    the edition's minimum, and the plan must not lower the target. No stored word or
    number is believed; DLIO's own figure and the slowest rank stand beside it. Steps
    that computed for less than the nominal time don't count as utilization.
    """
    minimum = _minimum(case)
    target = judged(
        case.plan.workload.metric.au >= minimum,
        expected=f"a target of at least {100 * minimum:g} %",
        actual=f"the plan's target is {100 * case.plan.workload.metric.au:g} %",
        where="plan: workload.metric.au",
        fix=f"set workload.metric.au to {minimum:g} and compile again",
    )
    if case.stage is Stage.PLAN:
        return [target]
    reached = _reached(case, minimum)
    return [reached] if target.verdict is Verdict.PASS else [reached, target]


def _minimum(case: Case) -> float:
    name = case.plan.workload.name
    row = case.edition.row(name)
    if row is not None:
        return row.au
    known = next((f for f in case.figures if f.name == name), None)
    return known.au if known else case.plan.workload.metric.au


def _reached(case: Case, minimum: float) -> Outcome:
    runs = [(run, _recorded(run)) for run in case.presented(RunKind.MEASURED)]
    faults = [_say(r, u) for r, u in runs if u.rules_percent < 100 * minimum]
    faults += [
        f"{_say(r, u)}: computed for less than the nominal time"
        for r, u in runs
        if u.oversleep_percent < _LEAST_OVERSLEEP_PERCENT
    ]
    return faultless(
        faults,
        expected=f"at least {100 * minimum:g} % in every measured run;"
        f" reading: {case.edition.utilization.reading}",
        actual="; ".join(_say(run, use) for run, use in runs),
        where="evidence: /steps, /phases",
        fix="storage or client is too slow for this many accelerators: find what ranks"
        " wait for in the summary, or plan fewer accelerators",
    )


def _recorded(run: RunRecord) -> Utilization:
    evidence = run.read()
    if evidence.utilization is None:
        raise NotRecordedError(
            f"{run.where}: {evidence.recompute_fault or 'no epoch was recorded'};"
            " record the steps of every epoch"
        )
    return evidence.utilization


def _say(run: RunRecord, use: Utilization) -> str:
    return (
        f"{run.label}: {use.rules_percent:.2f} % (DLIO {use.dlio_percent:.2f} %,"
        f" slowest rank {use.slowest_rank}: {use.slowest_percent:.2f} % in epoch"
        f" {use.slowest_epoch})"
    )
