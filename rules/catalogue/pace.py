"""Whether emulated accelerators kept the pace of real ones, and kept it together."""

from collections.abc import Iterator, Sequence
from math import fsum

from mlps.errors import NotRecordedError
from mlps.plan import RunKind
from rules.evidence_record import Lockstep, StepCompute
from rules.finding import Outcome, Verdict
from rules.rule import TRAINING, Case, Stage, faultless, rule

_MOST_OVERSLEEP_PERCENT = 5.0
"""An accelerator that much slower asks for that much less bandwidth."""


@rule(
    "EV-15",
    "oversleep",
    needs=Stage.RUN,
    numbers=lambda _: [
        "no step below the nominal compute time",
        f"at most {_MOST_OVERSLEEP_PERCENT:g} % above it over a run",
    ],
)
def oversleep(case: Case) -> Sequence[Outcome]:
    """Check that emulated compute took its nominal time: no step less, hardly more.

    A step that computes for less hides waiting in compute; a client that sleeps
    longer than it should asks storage for less than the accelerator would.
    """
    nominal_ns = round(case.plan.workload.train.computation_time_s * 1e9)
    runs, short, worst_percent = case.presented(*TRAINING), [], 0.0
    slow: list[str] = []
    for run in runs:
        evidence = run.read()
        steps = evidence.host_facts.sound(run.where).compute
        if not steps or evidence.utilization is None:
            raise NotRecordedError(
                f"{run.where}: /steps has no rows of a closed epoch; record the compute"
                " asked for and the compute as it lasted of every step"
            )
        short += [f"{run.label}: {text}" for text in hurried(steps, nominal_ns)]
        percent = evidence.utilization.oversleep_percent
        worst_percent = max(worst_percent, percent)
        if percent > _MOST_OVERSLEEP_PERCENT:
            slow.append(f"{run.label}: {percent:.2f} % above nominal")
    where = "evidence: /steps/compute_ns; plan: workload.train.computation_time_s"
    never_less = faultless(
        short,
        expected=f"{nominal_ns / 1e6:g} ms of compute in every step",
        actual=f"never less in {len(runs)} runs",
        where=where,
        fix="take the run anew with the runner as released: it never computes for less",
    )
    hardly_more = faultless(
        slow,
        expected=f"at most {_MOST_OVERSLEEP_PERCENT:g} % above nominal over a run",
        actual=f"at most {worst_percent:.2f} % above nominal in {len(runs)} runs",
        where=where,
        fix="give each rank a core of its own, or plan fewer accelerators per host",
        waiver=case.waiver,
    )
    return [hardly_more] if not short else [never_less, hardly_more]


def hurried(steps: Sequence[StepCompute], nominal_ns: int) -> Iterator[str]:
    """Say which ranks computed, or were asked to compute, for another time."""
    for own in steps:
        if own.least_ns < nominal_ns:
            yield f"rank {own.rank} computed {own.least_ns / 1e6:g} ms in a step"
        if (own.least_asked_ns, own.most_asked_ns) != (nominal_ns, nominal_ns):
            yield (
                f"rank {own.rank} was asked for {own.least_asked_ns / 1e6:g} to"
                f" {own.most_asked_ns / 1e6:g} ms"
            )


@rule(
    "EV-16",
    "lockstep",
    needs=Stage.RUN,
    numbers=lambda _: ["no rank ends a step before every rank has begun it"],
)
def lockstep(case: Case) -> Outcome:
    """Check that no rank was ever more than one step ahead of another.

    Steps are compared on rank 0's clock; what the clocks are uncertain by counts in
    favour of the run. The barrier after each step keeps data parallel ranks
    together; without it a slow rank would cost nothing.
    """
    runs, faults, spread_ns = case.presented(*TRAINING), [], 0
    for run in runs:
        facts = run.read().host_facts.sound(run.where)
        epochs = [epoch for epoch in facts.lockstep if epoch.steps]
        if not epochs or any(clock.error_ns is None for clock in facts.clocks):
            raise NotRecordedError(
                f"{run.where}: /steps or /clock lacks rows of an epoch; record every"
                " step of every rank, and its clock against rank 0's"
            )
        names = case.epochs(run.number)
        spread_ns = max(spread_ns, *(epoch.spread_ns for epoch in epochs))
        faults += [
            f"{run.label}: {_say(epoch, names.get(epoch.phase, str(epoch.phase)))}"
            for epoch in epochs
            if epoch.apart_ns > 0
        ]
    return faultless(
        faults,
        expected="no rank ends a step before every other rank has begun it",
        actual=f"in every epoch of {len(runs)} runs; ends of a barrier at most"
        f" {spread_ns / 1e3:.0f} us apart",
        where="evidence: /steps, /clock",
        fix="run with the runner's barrier after every step, and take the run anew",
    )


def _say(epoch: Lockstep, name: str) -> str:
    return (
        f"rank {epoch.leader} ended step {epoch.step} of {name}"
        f" {epoch.apart_ns / 1e6:.3f} ms before rank {epoch.follower} began it"
    )


@rule("EV-20", "slowestRank", needs=Stage.RUN)
def slowest_rank(case: Case) -> Outcome:
    """Show the slowest rank beside rank 0 and the mean of all; it never fails.

    Tools that report rank 0 alone, or a mean, hide a rank that starves.
    """
    texts = []
    for run in case.presented(RunKind.MEASURED):
        shares = run.read().host_facts.sound(run.where).shares
        if not shares:
            raise NotRecordedError(
                f"{run.where}: /steps or /phases has no rows of an epoch; record the"
                " steps of every rank"
            )
        slowest = min(shares, key=lambda share: share.rules_percent)
        average = fsum(share.rules_percent for share in shares) / len(shares)
        texts.append(
            f"{run.label}: slowest rank {slowest.rank} {slowest.rules_percent:.2f} %,"
            f" rank {shares[0].rank} {shares[0].rules_percent:.2f} %,"
            f" mean of {len(shares)} {average:.2f} %"
        )
    return Outcome(
        verdict=Verdict.PASS,
        expected="shown, not judged",
        actual="; ".join(texts),
        where="evidence: /steps, /phases",
    )
