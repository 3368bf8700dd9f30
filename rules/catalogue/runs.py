"""How many runs a result has, and how close they follow each other."""

from itertools import pairwise

from mlps.errors import NotRecordedError
from rules.finding import Outcome
from rules.record import RunRecord
from rules.rule import TRAINING, Case, Stage, faultless, judged, rule

_MEASURES = {
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
        f"{_MEASURES[edition.gap.measure]} less than {edition.gap.multiple} x the"
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
    shortest = min(end - start for _, start, end in spans)
    bound_ns = gap.multiple * shortest
    widest_ns, faults = 0, []
    for (before, start, end), (after, next_start, _) in pairwise(spans):
        origin = start if gap.measure == "start_to_start" else end
        distance_ns = next_start - origin
        widest_ns = max(widest_ns, distance_ns)
        pair = f"{before} to {after}"
        if next_start < end:
            faults.append(f"{pair}: overlap, or the wall clock was set back")
        elif distance_ns >= bound_ns:
            faults.append(f"{pair}: {distance_ns / 1e9:.1f} s")
    return faultless(
        faults,
        expected=f"{_MEASURES[gap.measure]} less than {bound_ns / 1e9:.1f} s"
        f" ({gap.multiple} x the shortest run); reading: {gap.reading}",
        actual=f"at most {widest_ns / 1e9:.1f} s",
        where="evidence: /run/wall_start_ns, /outcome/wall_end_ns",
        fix="take the runs anew without a pause: start the campaign with an empty"
        " --results folder",
        waiver=case.waiver,
    )


def _span(run: RunRecord) -> tuple[str, int, int]:
    evidence = run.read()
    if evidence.wall_end_ns is None:
        raise NotRecordedError(f"{run.where}: /outcome has no row; record the end")
    return run.label, evidence.wall_start_ns, evidence.wall_end_ns
