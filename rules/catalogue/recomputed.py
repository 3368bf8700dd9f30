"""Rule EV-05 on published trees: whether official numbers recompute."""

from mlps.errors import NotRecordedError
from rules.catalogue.integrity import summary_recomputes as recorded_summary
from rules.finding import Outcome, Verdict
from rules.rule import WORKLOADS, StoredCase, faultless, first_of
from rules.stored import Comparison

_NAMED = 6


@recorded_summary.also(*WORKLOADS)
def official_numbers(case: StoredCase) -> list[Outcome]:
    """Check that the published numbers of a result recompute from its raw files.

    Means come from the lists, rates from time stamps and bytes, tables from the runs;
    each comparison has a tolerance that its method explains (`mlps verify --json`).
    A number that can only be estimated, as utilization from the time stamps of one
    rank, is warned of. In an excerpt tables of all runs are not held against the runs.
    """
    found = case.comparisons
    if not found:
        raise NotRecordedError(
            f"{case.workload.where}: no raw file that a number can be recomputed from"
        )
    # What has no place is of all runs, and in an excerpt some are not included.
    differ = [c for c in found if not c.agrees and (c.place or not case.partial)]
    where = "; ".join(sorted({c.where.partition(": ")[0] for c in found})[:3])
    outcomes = [
        faultless(
            [_say(c) for c in differ if not c.doubtful],
            expected="every published number within its tolerance",
            actual=f"{len(found)} numbers recompute",
            where=where,
            fix="put the files back as the benchmark wrote them, or correct the number",
        )
    ]
    doubtful = [_say(c) for c in differ if c.doubtful]
    if doubtful:
        outcomes.append(
            Outcome(
                verdict=Verdict.WARN,
                expected="every published number near its estimate",
                actual=first_of(doubtful, _NAMED),
                where=where,
                fix="explain the difference, or publish the files of all ranks",
            )
        )
    return outcomes


def _say(c: Comparison) -> str:
    return (
        f"{c.label} ({c.where}) is {c.official:.10g} {c.unit}, recomputed"
        f" {c.recomputed:.10g} +- {c.tolerance:.3g}: {c.note}"
    )
