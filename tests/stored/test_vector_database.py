"""Vector databases as a whole: nothing false about good trees, no break on bad ones."""

import pytest

from rules.finding import Verdict
from rules.review import Asked, review
from rules.rule import Scope
from rules.sources.tree import TreeReader
from tests.stored.vector_database_trees import single_client, vector_database

RAW = "*/vdb_multi_node_summary.json"


def judged(path, edition="3.0", *, partial=False):
    reader = TreeReader(path)
    asked = Asked(edition=edition, partial=partial)
    (part,) = [p for p in review(reader, asked) if p.scope is Scope.VECTOR_DATABASE]
    return part


def metrics(part):
    return {c.label.split(" ", 1)[1]: c.agrees for c in part.comparisons}


@pytest.mark.parametrize("division", ["closed", "open"])
@pytest.mark.parametrize("edition", ["3.0-round", "3.0"])
def test_a_good_tree_of_several_clients_breaks_no_rule(division, edition, tmp_path):
    part = judged(vector_database(division=division).write(tmp_path), edition)
    bad = [
        f
        for f in part.judgement.findings
        if f.verdict not in (Verdict.PASS, Verdict.NOT_APPLICABLE)
    ]
    assert not bad


def test_a_single_client_is_only_warned_of_its_missing_summary(tmp_path):
    part = judged(single_client().write(tmp_path))
    loud = {
        (f.rule_id, f.verdict)
        for f in part.judgement.findings
        if f.verdict not in (Verdict.PASS, Verdict.NOT_APPLICABLE)
    }
    assert loud == {("5.3.1", Verdict.WARN)}


def test_an_index_without_a_folder_of_its_engine_is_judged_the_same(tmp_path):
    files = vector_database().move("/vector_database/milvus/", "/vector_database/")
    part = judged(files.write(tmp_path))
    assert not [
        f
        for f in part.judgement.findings
        if f.verdict in (Verdict.FAIL, Verdict.ERROR, Verdict.NO_EVIDENCE)
    ]


def test_the_numbers_of_several_clients_are_recomputed(tmp_path):
    part = judged(vector_database().write(tmp_path))
    assert len(part.comparisons) == 5 * 11
    assert all(c.agrees and c.note for c in part.comparisons)


@pytest.mark.parametrize(
    ("metric", "edit"),
    [
        ("query_count", lambda r: r["rank_summaries"][0].update(total_queries=1)),
        ("total_time_seconds", lambda r: r["rank_summaries"][0].update(start_time=1)),
        ("p99_latency_ms", lambda r: r.update(p99_latency_ms=1)),
        ("recall", lambda r: r["recall"].update(mean_recall=0.9)),
    ],
)
def test_raw_files_that_say_otherwise_are_told(metric, edit, tmp_path):
    files = vector_database()
    files.change(files.first(RAW), edit)
    part = judged(files.write(tmp_path))
    differing = {c.label.split(" ", 1)[1] for c in part.comparisons if not c.agrees}
    assert differing == {metric}


def test_a_rate_that_is_not_queries_over_time_is_told(tmp_path):
    files = vector_database()
    files.change("*/run/*/summary.json", lambda s: s.update(throughput_qps=9e9))
    assert metrics(judged(files.write(tmp_path)))["throughput_qps"] is False


def test_recall_is_the_mean_over_single_queries_where_they_are(tmp_path):
    files = single_client()
    files.change(
        "*/recall_stats.json", lambda r: r.update(per_query_recall=[0.5, 0.7, 0.9])
    )
    found = metrics(judged(files.write(tmp_path)))
    assert found == {"throughput_qps": True, "recall": False}


@pytest.mark.parametrize("make", [vector_database, single_client])
@pytest.mark.parametrize(
    "content",
    ["{", "[]", "null", '{"args": [], "flat_setup": 3, "recall": {}}', "1e999"],
)
def test_damaged_files_break_no_rule(make, content, tmp_path):
    files = make()
    for path in files.matching("*/vector_database/*.json"):
        files[path] = content
    part = judged(files.write(tmp_path), "3.0-round")
    assert Verdict.ERROR not in {f.verdict for f in part.judgement.findings}


def test_numbers_beyond_all_measure_end_no_review(tmp_path):
    files = vector_database()
    files.change(
        RAW, lambda r: [k.update(total_queries=1.7e308) for k in r["rank_summaries"]]
    )
    files.change("*/run/*/summary.json", lambda s: s.update(total_time_seconds=1e-300))
    part = judged(files.write(tmp_path))
    assert Verdict.ERROR not in {f.verdict for f in part.judgement.findings}
    assert all(abs(c.recomputed) < float("inf") for c in part.comparisons)
