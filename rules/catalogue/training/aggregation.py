"""Rule 3.3.8: whether the published figures are the means of the measured runs."""

from collections.abc import Sequence

from rules.catalogue.leaves import concluded, over
from rules.finding import Outcome, Verdict
from rules.published_runs import measured
from rules.rule import Scope, StoredCase, faultless, stored_rule
from rules.stored import Leaf

_LISTS = ("train_au_percentage", "train_throughput_samples_per_second")


@stored_rule(
    "3.3.8",
    "trainingResultAggregation",
    Scope.TRAINING,
    ours="The official checker only defines it; here the tables are recomputed.",
)
def aggregation(case: StoredCase) -> Sequence[Outcome]:
    """Check that tables hold the means over the measured runs, and nothing is missing.

    Every measured run must have its list of epochs, or the result is invalid; means
    of means, bandwidth and deviations in results.json or mlperf_storage_report.json
    must recompute from the runs, the warm-up left out.
    """
    runs = measured(case.workload)

    def check(leaf: Leaf) -> Sequence[str]:
        return [
            f"metric.{key} is empty"
            for key in _LISTS
            if not leaf.summary.numbers("metric", key)
        ]

    lists = concluded(
        over(runs, check),
        runs,
        expected="a list of epochs in every measured run",
        actual=f"in {len(runs)} runs",
        where="summary.json: metric",
        fix="a run without its list makes the result invalid: take it again",
    )
    return [lists, _tables(case)]


def _tables(case: StoredCase) -> Outcome:
    tables = {table.where for table in case.workload.tables}
    found = tuple(c for c in case.comparisons if c.where in tables)
    if not found:
        names = ", ".join(table.where for table in case.workload.tables)
        return Outcome(
            verdict=Verdict.NO_EVIDENCE,
            expected="means over the measured runs",
            actual=f"{names or 'no table'}: no number of it can be recomputed",
            where=case.workload.where,
            fix="submit the table that the tool writes, and the runs it is made from",
        )
    return faultless(
        [
            f"{c.label} is {c.official:.10g}, recomputed {c.recomputed:.10g}"
            for c in found
            if not c.agrees and (c.place or not case.partial)
        ],
        expected="means over the measured runs",
        actual=f"{len(found)} numbers recompute",
        where=", ".join(dict.fromkeys(c.where for c in found)),
        fix="let the tool write the table anew from the runs",
    )
