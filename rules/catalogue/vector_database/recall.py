"""Whether the answers were right, and the truth they were compared with complete."""

from collections.abc import Sequence
from dataclasses import replace

from rules import vector_record as record
from rules.catalogue.leaves import concluded, over
from rules.catalogue.vector_database import inputs
from rules.edition import Edition
from rules.finding import Outcome, Verdict
from rules.rule import Scope, StoredCase, faultless, stored_rule
from rules.stored import Leaf


def _recall_numbers(edition: Edition) -> Sequence[str]:
    table = edition.vector_database
    if table is None:
        return ()
    low = table.recall
    return [
        "recall above 0, the only official test",
        f"at least {low.value:g} ({low.severity} below): {low.reason}",
    ]


@stored_rule(
    "5.3.2",
    "vdbRecallReported",
    Scope.VECTOR_DATABASE,
    numbers=_recall_numbers,
    ours="the smallest recall, which the official rules name and don't have",
)
def recall_reported(case: StoredCase) -> Sequence[Outcome]:
    """Check that every run reports a recall above 0, and whether it is high enough.

    The recall of summary.json, recall_stats.json or statistics.json, whichever has
    it first; of a table of recalls the mean.
    """
    low = inputs.table(case.edition).recall
    runs = case.workload.runs
    reported = concluded(
        over(runs, _out_of_range),
        runs,
        expected="a recall above 0 and of at most 1 in every run",
        actual=_recalls(runs),
        where="summary.json, recall_stats.json",
        fix="recall 0 is a stale ground truth or a broken index: build both again",
    )
    if reported.verdict is not Verdict.PASS:
        return [reported]
    return [
        reported,
        concluded(
            over(runs, lambda leaf: _below(leaf, low.value)),
            runs,
            expected=f"recall of at least {low.value:g}; {low.reason}",
            actual=_recalls(runs),
            where="summary.json, recall_stats.json",
            fix="search longer lists (search_ef), or compress the vectors less",
            severity=low.severity,
        ),
    ]


def _out_of_range(leaf: Leaf) -> Sequence[str]:
    value, where = record.recall(leaf)
    return [] if 0 < value <= 1 else [f"recall {value:g} in {where}"]


def _below(leaf: Leaf, least: float) -> Sequence[str]:
    value, _ = record.recall(leaf)
    return [f"recall {value:g}"] if value < least else []


def _recalls(runs: Sequence[Leaf]) -> str:
    found: list[str] = []

    def note(leaf: Leaf) -> Sequence[str]:
        found.append(f"{record.recall(leaf)[0]:g}")
        return ()

    over(runs, note)
    return f"recall {', '.join(dict.fromkeys(found))} of {len(runs)} runs"


def _verdict_numbers(edition: Edition) -> Sequence[str]:
    table = edition.vector_database
    return (
        [f"run without result_verdict.json: {table.verdict_severity}"] if table else ()
    )


@stored_rule(
    "5.3.5",
    "vdbGroundTruthIntegrity",
    Scope.VECTOR_DATABASE,
    numbers=_verdict_numbers,
    ours="the copied vectors are compared with those of the collection, beside the"
    " coverage that the tool computed",
)
def ground_truth(case: StoredCase) -> Sequence[Outcome]:
    """Check that recall was measured against every vector of the collection.

    result_verdict.json of each run: flat_setup.ok, coverage 1 and all vectors copied;
    valid must not be false.
    A verdict without flat_setup is a warning; a run without the file means what the
    edition says.
    """
    table = inputs.table(case.edition)
    runs = case.workload.runs
    absent = [n for n in runs if n.verdict.missing and record.holds_results(n)]
    silent = [n for n in runs if n.verdict.readable and not n.verdict.has("flat_setup")]
    rest = [leaf for leaf in runs if leaf not in absent and leaf not in silent]
    outcomes = []
    if rest or not runs:
        outcomes.append(
            concluded(
                over(rest, _incomplete),
                rest,
                expected="flat_setup.ok true, coverage 1 and every vector copied",
                actual=f"the ground truth of {len(rest)} runs is complete",
                where="result_verdict.json: flat_setup",
                fix="build the ground truth of the whole collection, and run again",
            )
        )
    unknown = faultless(
        [f"{leaf.name}: no flat_setup" for leaf in silent],
        expected="flat_setup in every result_verdict.json",
        actual="",
        where="result_verdict.json",
        fix="let the tool set up the ground truth itself, so that it is recorded",
    )
    missing = faultless(
        [f"{leaf.name}: no result_verdict.json" for leaf in absent],
        expected="a result_verdict.json in every run",
        actual="",
        where="result_verdict.json",
        fix="older builds of the tool wrote none: show otherwise that the ground truth"
        " covers the whole collection",
    )
    if absent:
        warns = table.verdict_severity == "warning"
        outcomes.append(replace(missing, verdict=Verdict.WARN) if warns else missing)
    if silent:
        outcomes.append(replace(unknown, verdict=Verdict.WARN))
    return outcomes


def _incomplete(leaf: Leaf) -> Sequence[str]:
    verdict = leaf.verdict
    if not verdict.flag("flat_setup", "ok"):
        reason = (
            verdict.value("flat_setup", "reason")
            if verdict.has("flat_setup", "reason")
            else "no reason given"
        )
        return [f"the ground truth failed to build: {str(reason)[:200]}"]
    coverage = verdict.number("flat_setup", "coverage")
    faults = [f"coverage {coverage:g}"] if coverage != 1 else []
    if verdict.has("valid") and not verdict.flag("valid"):
        faults.append("the tool itself found the result not valid")
    copied, total = ("flat_setup", "copied_vectors"), ("flat_setup", "total_vectors")
    if verdict.has(*copied) and verdict.has(*total):
        numbers = verdict.whole(*copied), verdict.whole(*total)
        if numbers[0] != numbers[1]:
            faults.append(f"{numbers[0]} of {numbers[1]} vectors copied")
    if verdict.has(*total) and leaf.summary.has("num_vectors"):
        held, run = verdict.whole(*total), leaf.summary.whole("num_vectors")
        if held < run:
            faults.append(f"a ground truth of {held} vectors for {run}")
    return faults
