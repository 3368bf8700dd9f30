"""KV caches as a whole: nothing false about good trees, nothing breaks on bad."""

import json
import tracemalloc

import pytest

from mlps.errors import NotRecordedError
from rules.catalogue.kv_cache.executions import MAX_ARGUMENTS, executions
from rules.finding import Verdict
from rules.review import Asked, review
from rules.rule import Scope
from rules.sources.allowance import Allowance
from rules.sources.leaf import read_leaf
from rules.sources.ranks import totals
from rules.sources.tree import TreeReader
from rules.stored import Category
from tests.stored.kv_cache_trees import alone, command, kv_cache, rank_result

RESULTS = "*/rank_*/kvcache_results_*.json"
META = "*/kv_cache/*_metadata.json"
QUIET = (Verdict.PASS, Verdict.NOT_APPLICABLE)


def judged(path, edition="3.0", *, partial=False):
    asked = Asked(edition=edition, partial=partial)
    parts = review(TreeReader(path), asked)
    (part,) = [p for p in parts if p.scope is Scope.KV_CACHE]
    return part


def leaf_of(path):
    (workload,) = TreeReader(path).workloads()
    return workload.leaves[0]


def recorded(tmp_path, *commands):
    """Leaf whose metadata record these commands."""
    files = kv_cache()
    items = [{"command": text, "stdout": "/x"} for text in commands]
    files.change(META, lambda m: m.update(command_output_files=items))
    return leaf_of(files.write(tmp_path))


@pytest.mark.parametrize("make", [kv_cache, alone])
@pytest.mark.parametrize("division", ["closed", "open"])
@pytest.mark.parametrize("edition", ["3.0-round", "3.0"])
def test_a_good_tree_breaks_no_rule(make, division, edition, tmp_path):
    part = judged(make(division=division).write(tmp_path), edition)
    assert not [f for f in part.judgement.findings if f.verdict not in QUIET]


def test_the_tool_before_device_latencies_breaks_no_rule_of_the_round(tmp_path):
    part = judged(kv_cache(older=True).write(tmp_path), "3.0-round")
    assert not [f for f in part.judgement.findings if f.verdict not in QUIET]
    assert any("aggregated_p95_latency_ms" in c.metric for c in part.comparisons)


def test_aggregates_are_recomputed_from_every_rank(tmp_path):
    part = judged(kv_cache().write(tmp_path))
    assert len(part.comparisons) == 3 * 6
    assert all(c.agrees and c.note for c in part.comparisons)


def test_a_rank_of_other_numbers_is_told_in_its_option_alone(tmp_path):
    files = kv_cache()
    files.change(
        "*/option_2/trial_1/rank_2/*.json",
        lambda r: r["summary"].update(storage_throughput_tokens_per_sec=1.0),
    )
    part = judged(files.write(tmp_path))
    differing = [c.label for c in part.comparisons if not c.agrees]
    assert [name.split(" ", 1)[1] for name in differing] == [
        "option 2 aggregated_storage_throughput_tokens_per_sec"
    ]


def test_nothing_is_recomputed_from_a_part_of_the_ranks(tmp_path):
    files = kv_cache()
    files.drop("*/option_1/trial_0/rank_0/*")
    names = {c.label.split(" ")[2] for c in judged(files.write(tmp_path)).comparisons}
    assert names == {"2", "3"}


def test_ranks_that_the_summary_calls_missing_are_left_out_of_the_sum(tmp_path):
    files = kv_cache()
    files.drop("*/option_1/trial_0/rank_0/*")

    def edit(summary):
        summary["options"]["1"]["missing_files"] = ["/results/rank_0"]

    files.change("*/kv_cache/*/summary.json", edit)
    part = judged(files.write(tmp_path))
    differing = {c.label.split(" ")[2] for c in part.comparisons if not c.agrees}
    assert differing == {"1"}


def test_a_rank_served_from_memory_counts_as_nothing_read(tmp_path):
    files = kv_cache()

    def edit(result):
        for key in ("tier_storage_read_bandwidth_gbps", "storage_read_device_p95_ms"):
            del result["summary"]["cache_stats"][key]

    files.change("*/option_2/trial_0/rank_0/*.json", edit)
    part = judged(files.write(tmp_path))
    differing = [c.label.split(" ", 3)[3] for c in part.comparisons if not c.agrees]
    assert differing == ["aggregated_read_bandwidth_gbps"]


def test_what_ran_is_read_from_the_commands(tmp_path):
    first, *_ = executions(leaf_of(kv_cache().write(tmp_path)))
    assert (first.option, first.trial, first.ranks) == (1, 0, 4)
    assert first.flags["num-users"] == "200"
    assert first.flags["generation-mode"] == "none"
    assert first.preloaded == ()


def test_flags_without_and_with_an_equal_sign(tmp_path):
    text = f"{command('x', 1, 0)} --enable-rag --duration='5 0' --last"
    (only,) = executions(recorded(tmp_path, text))
    assert only.flags["enable-rag"] == ""
    assert only.flags["duration"] == "5 0"
    assert only.flags["last"] == ""


def test_the_configuration_beside_the_wrapper_is_its_own(tmp_path):
    text = command("x", 1, 0).replace("/opt/storage/kv", "'/opt/my own/kv")
    text = text.replace("wrapper.py", "wrapper.py'").replace(
        "config.yaml", "config.yaml'"
    )
    (only,) = executions(recorded(tmp_path, text))
    assert only.own_config


@pytest.mark.parametrize(
    "text",
    [
        "echo nothing of the benchmark",
        "mpirun -n 2 mlperf_wrapper.py --rank-output-base 'x",
        "mpirun -n 2 mlperf_wrapper.py --model x",
        "mpirun -n 2 mlperf_wrapper.py " + "x" * (MAX_ARGUMENTS + 1),
        "x" * 100_000 + " mlperf_wrapper.py --rank-output-base option_1/trial_0",
    ],
)
def test_a_command_that_can_not_be_read_is_missing_evidence(text, tmp_path):
    leaf = recorded(tmp_path, text)
    with pytest.raises(NotRecordedError, match="metadata"):
        executions(leaf)


@pytest.mark.parametrize(
    "content",
    ["{", "[]", "null", '{"options": {"²": 1, "x": [], "1": 3}, "args": 5}', "7"],
)
def test_damaged_files_break_no_rule(content, tmp_path):
    files = kv_cache()
    for path in files.matching("*/kv_cache/*.json"):
        files[path] = content
    part = judged(files.write(tmp_path), "3.0-round")
    assert Verdict.ERROR not in {f.verdict for f in part.judgement.findings}


def test_totals_of_a_rank_are_all_that_is_kept(tmp_path):
    leaf = leaf_of(kv_cache().write(tmp_path))
    path = next(p for p in leaf.extra if "rank_3" in p)
    kept = leaf.extra[path].content
    assert set(kept) == {"seed", "summary"}
    assert kept["summary"]["cache_stats"]["storage_entries"] == 855


def test_a_large_result_leaves_no_more_than_its_totals():
    result = rank_result(1, 0, 0) | {"end_to_end_latencies": [0.1] * 20_000}
    text = json.dumps(result)
    tracemalloc.start()
    kept = [totals(json.loads(text)) for _ in range(5)]
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(kept) == 5
    assert held < 5 * 10_000


def test_the_bulk_of_the_ranks_is_not_charged_to_the_workload(tmp_path):
    files = kv_cache()
    files.change(RESULTS, lambda r: r.update(storage_latencies=[0.1] * 5000))
    root = files.write(tmp_path)
    (workload,) = TreeReader(root).workloads()
    allowance = Allowance(kept_bytes=5000 * 96)
    leaf = read_leaf(
        root, workload.leaves[0].folder, "run", Category.KV_CACHE, allowance
    )
    assert all(document.readable for document in leaf.extra.values())
    assert len(leaf.extra) == 3 * 3 * 4


def test_numbers_beyond_all_measure_end_no_review(tmp_path):
    files = kv_cache()

    def edit(result):
        result["summary"]["avg_throughput_tokens_per_sec"] = 1.7e308

    files.change(RESULTS, edit)
    part = judged(files.write(tmp_path))
    assert Verdict.ERROR not in {f.verdict for f in part.judgement.findings}
    assert all(abs(c.recomputed) < float("inf") for c in part.comparisons)
