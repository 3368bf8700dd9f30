"""Whether the client could have reached the target, and no run went beyond it."""

from collections.abc import Iterator

from mlps.errors import NotRecordedError
from mlps.plan import RunKind
from rules.catalogue.pace import hurried
from rules.finding import Outcome
from rules.record import Ceiling, RunRecord
from rules.rule import Case, Stage, faultless, not_applicable, rule

_MOST_ABOVE_PERCENT = 2.0
"""A calibration is short: so much of its utilization may be the noise of a client."""
_WHERE = "evidence of the datagen run: /steps of epoch 0; plan: workload.metric.au"


@rule(
    "EV-23",
    "clientCeiling",
    needs=Stage.CAMPAIGN,
    numbers=lambda _: [
        "a ceiling of at least the plan's target",
        f"no measured run more than {_MOST_ABOVE_PERCENT:g} points above it",
    ],
)
def client_ceiling(case: Case) -> Outcome:
    """Check the utilization that the clients reach with memory in place of storage.

    The ceiling is recomputed from the steps of the calibration, as utilization is: a
    client that can't reach the target without storage measures itself, not storage.
    Its steps compute for as long as those of a run.
    A run beyond the ceiling says that one of the two was not what it claims to be.
    """
    if not case.plan.workload.train.computation_time_s:
        return not_applicable("steps without compute have no utilization")
    if not case.plan.derived.calibration_steps:
        if case.waiver:
            return not_applicable(f"no calibration is planned; {case.waiver}")
        raise NotRecordedError(
            "the plan has no calibration; compile with submission.calibration_s above 0"
        )
    found = _ceiling(case)
    target_percent = 100 * case.plan.workload.metric.au
    faults = [] if found.percent >= target_percent else [f"{_say(found)}: below it"]
    faults += [*_hurried(case), *_beyond(case, found)]
    return faultless(
        faults,
        expected=f"a ceiling of at least {target_percent:g} %, and no measured run more"
        f" than {_MOST_ABOVE_PERCENT:g} points above the ceiling",
        actual=_say(found),
        where=_WHERE,
        fix="give the ranks more processors or plan fewer accelerators per host, and"
        " run the campaign anew, data generation and calibration included",
        waiver=case.waiver,
    )


def _ceiling(case: Case) -> Ceiling:
    generated = case.presented(RunKind.DATAGEN)[0]
    found = generated.read().ceiling
    if found is None:
        raise NotRecordedError(
            f"{generated.where}: /steps has no step of epoch 0; record the calibration"
        )
    return found


def _hurried(case: Case) -> Iterator[str]:
    generated = case.presented(RunKind.DATAGEN)[0]
    steps = generated.read().host_facts.sound(generated.where).compute
    nominal_ns = round(case.plan.workload.train.computation_time_s * 1e9)
    yield from (f"calibration: {text}" for text in hurried(steps, nominal_ns))


def _beyond(case: Case, found: Ceiling) -> Iterator[str]:
    for run in case.presented(RunKind.MEASURED):
        percent = _percent(run)
        if percent > found.percent + _MOST_ABOVE_PERCENT:
            yield f"{run.label}: {percent:.2f} % of a possible {found.percent:.2f} %"


def _percent(run: RunRecord) -> float:
    use = run.read().utilization
    if use is None:
        raise NotRecordedError(f"{run.where}: no epoch was recorded; record its steps")
    return use.rules_percent


def _say(found: Ceiling) -> str:
    return (
        f"ceiling {found.percent:.2f} %, slowest rank {found.slowest_rank}:"
        f" {found.slowest_percent:.2f} %, limited by {found.limited_by}"
    )
