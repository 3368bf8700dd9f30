"""Rules 2.1.17 and 2.1.18 on published trees: how many runs, and how close."""

from collections.abc import Sequence

from mlps.errors import NotRecordedError
from rules.catalogue.leaves import concluded, label, over
from rules.catalogue.runs import MEASURES, run_count, run_gap, too_far
from rules.finding import Outcome
from rules.published_runs import named_moment, ordered, span
from rules.rule import Scope, StoredCase, faultless, not_applicable
from rules.sources.layout import STAMP
from rules.stored import Layout, Leaf

_NS = 10**9


@run_count.also(Scope.TRAINING)
def published_run_count(case: StoredCase) -> Outcome:
    """Check that a published result holds as many runs as its edition asks for.

    Trees of later rounds name each run's folder by a time stamp; v1.0 submitters chose
    names as they liked.
    """
    wanted, runs = case.edition.training.published_runs, case.workload.runs
    many = " or ".join(str(number) for number in wanted)
    if case.partial and len(runs) < min(wanted):
        return not_applicable(f"{len(runs)} of {many} runs are in this excerpt")
    faults = [f"{len(runs)} runs"] if len(runs) not in wanted else []
    if case.workload.layout is Layout.CATEGORIES:
        faults += [
            f"{leaf.name} is no time stamp (YYYYMMDD_HHmmss)"
            for leaf in runs
            if not STAMP.fullmatch(leaf.name)
        ]
    return faultless(
        faults,
        expected=f"{many} runs; reading: {case.edition.runs.reading}",
        actual=f"{len(runs)} runs",
        where=f"{case.workload.where}: run folders",
        fix="submit all runs of the result, in the folders that the tool made",
    )


@run_gap.also(Scope.TRAINING)
def published_run_gap(case: StoredCase) -> Outcome:
    """Check that published runs follow each other without a long pause.

    The edition says what is measured: starts, which the tool writes into the names of
    the folders, or the pause between end and start by the runs' summaries. Durations
    are end less start of each summary.json.
    """
    runs, gap = ordered(case.workload), case.edition.gap
    if len(runs) < 2:
        raise NotRecordedError(f"{case.workload.where}: one run has no gap")
    by_name = gap.measure == "start_to_start"
    spans = {}

    def check(leaf: Leaf) -> Sequence[str]:
        spans[leaf.where] = _span(leaf, by_name=by_name)
        return []

    _, gaps = over(runs, check)
    if not spans:
        return concluded(([], gaps), runs, **_words(case, "", ""))
    distances = too_far([spans.get(leaf.where) for leaf in runs], gap)
    return concluded(
        (distances.faults, gaps),
        runs,
        **_words(
            case,
            f"{distances.bound_ns / _NS:.1f} s ({gap.multiple} x the shortest run)",
            f"at most {distances.widest_ns / _NS:.1f} s",
        ),
    )


def _words(case: StoredCase, bound: str, actual: str) -> dict[str, str]:
    gap = case.edition.gap
    return {
        "expected": f"{MEASURES[gap.measure]} less than"
        f" {bound or f'{gap.multiple} x the shortest run'}; reading: {gap.reading}",
        "actual": actual,
        "where": "names of the run folders; summary.json: start, end",
        "fix": "take the runs anew, one right after the other",
    }


def _span(leaf: Leaf, *, by_name: bool) -> tuple[str, int, int]:
    """Label, start and end in ns; by its name a run starts when its tool did."""
    found = span(leaf)
    if found.seconds <= 0:
        raise NotRecordedError(f"{leaf.summary.where}: it ends before it starts")
    start = named_moment(leaf) if by_name else found.start
    start_ns = int((start - found.start.min).total_seconds() * _NS)
    return label(leaf), start_ns, start_ns + int(found.seconds * _NS)
