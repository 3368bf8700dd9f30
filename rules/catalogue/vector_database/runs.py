"""How many runs there are, how long each queried, and what it reports."""

from collections.abc import Sequence
from dataclasses import replace

from rules import vector_record as record
from rules.catalogue.leaves import concluded, over
from rules.catalogue.vector_database import inputs
from rules.edition import Edition
from rules.finding import Outcome, Verdict
from rules.rule import Scope, StoredCase, included, judged, stored_rule
from rules.stored import Leaf

_EARLY = 0.99


def _run_count(edition: Edition) -> Sequence[str]:
    table = edition.vector_database
    return [f"exactly {table.runs} runs of an index, no warm-up"] if table else ()


@stored_rule("5.3.1", "vdbRunCount", Scope.VECTOR_DATABASE, numbers=_run_count)
def run_count(case: StoredCase) -> Sequence[Outcome]:
    """Check that the index was run exactly as often as the rules say.

    Counts the folders of the run phase. A run without summary.json is a warning: a
    single client writes statistics.json instead.
    """
    wanted = inputs.table(case.edition).runs
    runs = case.workload.runs
    names = ", ".join(leaf.name for leaf in runs)
    counted = judged(
        len(runs) <= wanted,
        expected=f"exactly {wanted} runs",
        actual=f"{len(runs)} runs: {names}",
        where=f"{case.workload.where}/run",
        fix="submit one uninterrupted series of runs, and nothing else",
    )
    if len(runs) < wanted:
        counted = included(
            case,
            [f"{wanted - len(runs)} of {wanted} runs"],
            expected=f"exactly {wanted} runs",
            actual=f"{len(runs)} runs: {names}",
            where=f"{case.workload.where}/run",
            fix="run the index again until the series is complete",
        )
    summaries = included(
        case,
        [f"{n.name}: no summary.json" for n in runs if n.summary.missing],
        expected="a summary.json in every run",
        actual=f"{len(runs)} runs have one",
        where=f"{case.workload.where}/run",
        fix="submit the summary.json of each run; a single client writes none",
    )
    if summaries.verdict is Verdict.FAIL:
        summaries = replace(summaries, verdict=Verdict.WARN)
    return [counted, summaries]


def _query_numbers(edition: Edition) -> Sequence[str]:
    table = edition.vector_database
    if table is None:
        return ()
    few = table.queries
    return [
        f"at least {few.value:g} queries ({few.severity} below): {few.reason}",
        f"timed for at least {table.runtime_s:g} s, below which the tool itself calls"
        " a run invalid",
    ]


@stored_rule(
    "5.3.3",
    "vdbQueryCountMinimum",
    Scope.VECTOR_DATABASE,
    numbers=_query_numbers,
    ours="the smallest number of queries, which the official rules name and don't have",
)
def query_count(case: StoredCase) -> Sequence[Outcome]:
    """Check that each run says how many queries it issued, and that they are enough.

    Counted queries, or rate times time, of summary.json or statistics.json; the
    runtime that was asked for is in the metadata, and the run must have lasted it.
    """
    table = inputs.table(case.edition)
    runs = case.workload.runs
    least = table.queries
    told = over(runs, lambda leaf: _uncounted(leaf, table.runtime_s))
    counted = concluded(
        told,
        runs,
        expected="issued queries in every run, or rate and time",
        actual=f"{len(runs)} runs: {_counts(runs)} queries",
        where="summary.json, statistics.json",
        fix="submit the summary.json of each run",
    )
    few = concluded(
        over(runs, lambda leaf: _few(leaf, least.value)),
        runs,
        expected=f"at least {least.value:g} queries; {least.reason}",
        actual=f"{_counts(runs)} queries",
        where="summary.json, statistics.json",
        fix="query longer, or ask for more queries",
        severity=least.severity,
    )
    return [counted] if told[0] or told[1] else [counted, few]


def _uncounted(leaf: Leaf, least_s: float) -> Sequence[str]:
    document = record.measured(leaf)
    faults = []
    if document.readable:
        counted = document.has("query_count") or document.has("total_queries")
        keys = ("throughput_qps", "total_time_seconds")
        lacking = [key for key in keys if not document.has(key)]
        if not counted and lacking:
            faults.append(f"{document.where} has no query_count and no {lacking[0]}")
    if leaf.metadata.has("args", "runtime"):
        runtime_s = leaf.metadata.number("args", "runtime")
        if runtime_s < least_s:
            faults.append(f"timed for {runtime_s:g} s, less than {least_s:g} s")
        key = "total_time_seconds"
        if document.has(key) and document.number(key) < _EARLY * runtime_s:
            took_s = document.number(key)
            faults.append(f"to be timed for {runtime_s:g} s, took {took_s:.1f} s")
    if not faults:
        record.queries(leaf)
    return faults


def _few(leaf: Leaf, least: float) -> Sequence[str]:
    issued = record.queries(leaf)
    return [f"{issued:.0f} queries"] if issued < least else []


def _counts(runs: Sequence[Leaf]) -> str:
    found: list[float] = []

    def note(leaf: Leaf) -> Sequence[str]:
        found.append(record.queries(leaf))
        return ()

    over(runs, note)
    return f"{min(found):.0f} to {max(found):.0f}" if found else "no"


def _metrics(edition: Edition) -> Sequence[str]:
    table = edition.vector_database
    return [", ".join(table.metrics)] if table else ()


@stored_rule(
    "5.3.4",
    "vdbMetricsReported",
    Scope.VECTOR_DATABASE,
    numbers=_metrics,
    ours="a single client's statistics.json counts where the tool wrote no"
    " summary.json; a metric must be a number above 0, not only a key",
)
def metrics_reported(case: StoredCase) -> Outcome:
    """Check that every run reports rate and latencies as numbers above 0.

    They are read from summary.json, or from the statistics.json of a single client.
    """
    metrics = inputs.table(case.edition).metrics
    runs = case.workload.runs
    return concluded(
        over(runs, lambda leaf: _unreported(leaf, metrics)),
        runs,
        expected=f"in every run: {', '.join(metrics)}",
        actual=f"all in {len(runs)} runs",
        where="summary.json, statistics.json",
        fix="submit the summary.json of each run as the tool wrote it",
    )


def _unreported(leaf: Leaf, metrics: Sequence[str]) -> Sequence[str]:
    document = record.measured(leaf)
    document.mapping()
    lacking = [key for key in metrics if not document.has(key)]
    if lacking:
        return [f"{document.where} has no {', no '.join(lacking)}"]
    return [
        f"{key} is {document.number(key):g}"
        for key in metrics
        if document.number(key) <= 0
    ]
