"""How many runs a result has, and how close they follow each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mlps.errors import NotRecordedError
from rules.edition import Gap
from rules.finding import Outcome
from rules.record import RunRecord
from rules.rule import TRAINING, Case, Stage, faultless, judged, rule

Span = tuple[str, int, int]
MEASURES = {
    "start_to_start": "start of one run to start of the next",
    "end_to_start": "end of one run to start of the next",
}


@rule(
    "2.1.17",
    "runTimestamps",
    numbers=lambda edition: [
        f"{edition.runs.warmup} warm-up and {edition.runs.measured} measured runs",
        edition.runs.reading,
    ],
)
def run_count(case: Case) -> Outcome:
    """Check that a result has exactly as many runs as the edition asks for.

    Before the run the planned runs are counted, after it the sealed ones.
    """
    submission, wanted = case.plan.submission, case.edition.runs
    planned = (submission.warmup_runs, submission.measured_runs)
    official = (wanted.warmup, wanted.measured)
    if case.stage is not Stage.CAMPAIGN:
        return judged(
            planned == official,
            expected=_say(official),
            actual=f"planned: {_say(planned)}",
            where="plan: submission.warmup_runs, submission.measured_runs",
            fix="plan the runs of the edition",
            waiver=case.waiver,
        )
    if not case.record.runs and case.record.ledger is None:
        raise NotRecordedError(
            f"{case.record.where}: neither a run directory nor a ledger; run the plan"
        )
    kinds = [run.kind for run in case.record.sealed]
    sealed = (kinds.count("warmup"), kinds.count("measured"))
    return judged(
        sealed == official,
        expected=_say(official),
        actual=f"sealed: {_say(sealed)}; planned: {_say(planned)}",
        where=f"{case.record.where}: campaign.jsonl, runs",
        fix="start the same mpirun command again: it resumes and takes what is missing"
        if sealed != planned
        else "compile a plan with the runs of the edition and take them",
        waiver=case.waiver if sealed == planned else "",
    )


def _say(runs: tuple[int, int]) -> str:
    return f"{runs[0]} warm-up, {runs[1]} measured"


@rule(
    "2.1.18",
    "runTimestampGap",
    needs=Stage.CAMPAIGN,
    numbers=lambda edition: [
        f"{MEASURES[edition.gap.measure]} less than {edition.gap.multiple} x the"
        " shortest run",
        edition.gap.reading,
    ],
)
def run_gap(case: Case) -> Outcome:
    """Check that consecutive runs follow each other without a long pause.

    A pause lets caches fill or empty and devices cool down. The sources disagree on
    what is measured; the edition says which reading is used.
    """
    spans = [_span(run) for run in case.presented(*TRAINING)]
    if len(spans) < 2:
        raise NotRecordedError(
            f"{case.record.where}: one sealed run has no gap; take the planned runs"
        )
    gap = case.edition.gap
    distances = too_far(spans, gap)
    return faultless(
        distances.faults,
        expected=f"{MEASURES[gap.measure]} less than {distances.bound_ns / 1e9:.1f} s"
        f" ({gap.multiple} x the shortest run); reading: {gap.reading}",
        actual=f"at most {distances.widest_ns / 1e9:.1f} s",
        where="evidence: /run/wall_start_ns, /outcome/wall_end_ns",
        fix="take the runs anew without a pause: start the campaign with an empty"
        " --results folder",
        waiver=case.waiver,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Distances:
    """How far apart runs are: those too far, the widest distance, and the bound."""

    faults: tuple[str, ...]
    widest_ns: int
    bound_ns: int


def too_far(spans: Sequence[Span | None], gap: Gap) -> Distances:
    """Judge consecutive runs (label, start and end in ns) by the edition's bound.

    None stands for a run whose times are unknown: nothing is said of its neighbours.
    """
    bound_ns = gap.multiple * min(span[2] - span[1] for span in spans if span)
    widest_ns, faults = 0, []
    for one, other in pairwise(spans):
        if one is None or other is None:
            continue
        origin = one[1] if gap.measure == "start_to_start" else one[2]
        distance_ns = other[1] - origin
        widest_ns = max(widest_ns, distance_ns)
        pair = f"{one[0]} to {other[0]}"
        if other[1] < one[2]:
            faults.append(f"{pair}: overlap, or the wall clock was set back")
        elif distance_ns >= bound_ns:
            faults.append(f"{pair}: {distance_ns / 1e9:.1f} s")
    return Distances(faults=tuple(faults), widest_ns=widest_ns, bound_ns=bound_ns)


def _span(run: RunRecord) -> Span:
    evidence = run.read()
    if evidence.wall_end_ns is None:
        raise NotRecordedError(f"{run.where}: /outcome has no row; record the end")
    return run.label, evidence.wall_start_ns, evidence.wall_end_ns
