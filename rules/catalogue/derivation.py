"""Whether what the plan derived follows from what it says."""

from collections.abc import Mapping

from mlps.derivation import derive, schedule
from mlps.plan import Plan, leaves, plain
from rules.finding import Outcome
from rules.rule import Case, faultless, rule

_SAID = {
    "expected": "derived facts and campaign as computed from workload, system and"
    " submission",
    "where": "plan: derived, campaign",
    "fix": "compile the plan again; derived values are never set by hand",
}


@rule("EV-08", "derivedRecomputes")
def derived_recomputes(case: Case) -> Outcome:
    """Check that sizes, bandwidth, runs, seeds and phases of the plan recompute.

    They follow from workload, system and submission; a plan in which they don't was
    not made by the compiler.
    """
    plan = case.plan
    if not _countable(plan):
        return faultless(
            ["its runs and phases are not as many as the submission and epochs say"],
            **_SAID,
            actual="",
        )
    derived = derive(plan.workload, plan.system, plan.submission)
    campaign = schedule(plan.workload, plan.submission, derived)
    expected = _leaves({"derived": plain(derived), "campaign": plain(campaign)})
    said = _leaves({"derived": plain(plan.derived), "campaign": plain(plan.campaign)})
    faults = [
        f"{key} is {said.get(key, 'missing')}, recomputed {expected.get(key, 'none')}"
        for key in dict.fromkeys((*expected, *said))
        if said.get(key) != expected.get(key)
    ]
    return faultless(
        faults,
        **_SAID,
        actual=f"{len(expected)} values recompute",
    )


def _countable(plan: Plan) -> bool:
    """Whether the plan's own file bounds what is recomputed from its numbers."""
    submission, runs = plan.submission, plan.campaign.runs
    phases = plan.workload.train.epochs * (1 + submission.cold_reads)
    return len(runs) == 1 + submission.warmup_runs + submission.measured_runs and all(
        len(run.phases) == phases for run in runs[1:]
    )


def _leaves(data: Mapping[str, object]) -> dict[str, object]:
    return dict(leaves(data))
