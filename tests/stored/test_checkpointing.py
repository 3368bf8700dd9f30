"""Checkpointing results: two kinds of times, published and disagreeing numbers."""

from pathlib import Path

import pytest

from rules.finding import Verdict
from rules.review import Asked, review
from rules.rule import Scope
from rules.sources.tree import TreeReader
from tests.stored.checkpointing_trees import checkpointing_v3
from tests.stored.files import Files

LOUD = {Verdict.FAIL, Verdict.WARN, Verdict.NO_EVIDENCE, Verdict.ERROR}
# Times, memory and means as published: two clients whose tool stamps local time
# without a zone and whose collections are stamped in UTC.
LOCAL_WRITE = {
    "start": "2026-07-13T16:26:45.942222",
    "end": "2026-07-13T16:29:37.857046",
}
LOCAL_READ = {
    "start": "2026-07-13T16:30:00.755918",
    "end": "2026-07-13T16:32:13.324148",
}
UTC_END = "2026-07-13T08:29:38Z"


def judged(files: Files, folder: Path, edition: str = "3.0"):
    parts = review(TreeReader(files.write(folder)), Asked(edition=edition))
    return next(part for part in parts if part.scope is Scope.CHECKPOINTING)


def said(part, rule_id: str):
    return [f for f in part.judgement.findings if f.rule_id == rule_id]


def leaves(files: Files) -> list[str]:
    return sorted(path.rpartition("/")[0] for path in files.matching("*/summary.json"))


def published(*, zone: str = "Z") -> Files:
    """Make a result with the times of a published one: no end of the invocation."""
    files = checkpointing_v3()
    write, read = leaves(files)
    files.change(f"{write}/summary.json", lambda s: s.update(LOCAL_WRITE))
    files.change(f"{read}/summary.json", lambda s: s.update(LOCAL_READ))
    files.change("*_metadata.json", lambda m: m.pop("invocation_end_time"))
    files.change(
        f"{read}/*_metadata.json",
        lambda m: m.update(invocation_start_time="2026-07-13T16:29:55.358347"),
    )
    collected = UTC_END.replace("Z", zone)
    files.change(
        f"{write}/*_metadata.json",
        lambda m: m["cluster_snapshots"]["end"].update(
            collection_timestamp=collected, hosts=[{"collection_timestamp": collected}]
        ),
    )
    return files


@pytest.mark.parametrize(
    ("build", "edition"),
    [
        (dict, "3.0"),
        (dict, "3.0-round"),
        (lambda: {"split": False}, "3.0"),
        (lambda: {"model": "llama3-70b", "hosts": 4}, "3.0"),
        (lambda: {"ranks": 16, "gib": 104.70635223388672, "division": "open"}, "3.0"),
        (dict, "2.0"),
    ],
)
def test_an_untouched_result_breaks_no_rule(build, edition, tmp_path):
    part = judged(checkpointing_v3(**build()), tmp_path, edition)
    assert part.comparisons
    assert not [f for f in part.judgement.findings if f.verdict in LOUD]


def test_edition_1_has_no_checkpointing(tmp_path):
    part = judged(checkpointing_v3(), tmp_path, "1.0")
    found = said(part, "4.7.1")
    assert [f.verdict for f in found] == [Verdict.NOT_APPLICABLE]


def test_times_with_a_zone_are_never_held_against_times_without(tmp_path):
    structure, gap = said(judged(published(), tmp_path), "4.7.1")
    assert structure.verdict is gap.verdict is Verdict.PASS
    assert gap.actual.startswith("22.9 s")
    assert "only one of them has a time zone" in gap.actual


def test_a_collection_without_a_zone_is_local_time_as_the_invocation_is(tmp_path):
    _, gap = said(judged(published(zone=""), tmp_path), "4.7.1")
    assert gap.verdict is Verdict.FAIL
    assert gap.actual.startswith("28817.4 s")
    assert "zone" not in gap.actual


def test_without_any_two_times_that_compare_there_is_no_evidence(tmp_path):
    files = published()
    _, read = leaves(files)
    files.change(f"{read}/summary.json", lambda s: s.update(start=f"{s['start']}Z"))
    structure, gap = said(judged(files, tmp_path), "4.7.1")
    assert structure.verdict is Verdict.PASS
    assert gap.verdict is Verdict.NO_EVIDENCE


def test_the_ends_of_the_invocations_are_better_than_those_of_the_summaries(tmp_path):
    _, gap = said(judged(checkpointing_v3(), tmp_path), "4.7.1")
    assert gap.actual.startswith("5.0 s")
    assert "invocation_end_time" in gap.actual


@pytest.mark.parametrize(
    ("tree", "memory", "ratio", "verdict"),
    [
        (("llama3-70b", 4), [4030.3448944091797, 0.0, 0.0, 0.0], "2.26", "WARN"),
        (("llama3-8b", 1), [377.2403106689453], "2.78", "WARN"),
        (("llama3-70b", 16), [752.35, 752.36, 752.36, 751.78], "3.03", "PASS"),
    ],
)
def test_data_held_against_memory_as_published(tree, memory, ratio, verdict, tmp_path):
    model, hosts = tree
    files = checkpointing_v3(model, hosts=hosts)
    files.change("*/summary.json", lambda s: s.update(host_memory_GB=memory))
    (found,) = said(judged(files, tmp_path), "4.3.1")
    assert found.verdict == verdict
    assert f"written are {ratio} x" in found.actual


def test_means_follow_from_size_and_time_within_their_deviations(tmp_path):
    files = checkpointing_v3("llama3-70b", hosts=4)
    files.drop("*_per_epoch_stats.json")
    _, read = leaves(files)
    metric = {
        "load_checkpoint_io_mean_GB_per_second": 114.73168124134213,
        "load_checkpoint_io_stdev_GB_per_second": 39.66927647070208,
        "load_checkpoint_duration_mean_seconds": 8.7439922,
        "load_checkpoint_duration_stdev_seconds": 2.3239994743703707,
    }
    files.change(f"{read}/summary.json", lambda s: s["metric"].update(metric))
    part = judged(files, tmp_path)
    found = next(c for c in part.comparisons if "load_checkpoint_io" in c.metric)
    assert found.agrees
    assert found.recomputed == pytest.approx(911.2121276855469 / 8.7439922)
    metric["load_checkpoint_io_mean_GB_per_second"] = 115.0
    files.change(f"{read}/summary.json", lambda s: s["metric"].update(metric))
    part = judged(files, tmp_path / "faster")
    found = next(c for c in part.comparisons if "load_checkpoint_io" in c.metric)
    assert not found.agrees


@pytest.mark.parametrize(
    ("pattern", "edit", "metric"),
    [
        (
            "*/20260724_120000/summary.json",
            lambda s: s["metric"].update(save_checkpoint_duration_mean_seconds=8.2),
            "save_checkpoint_duration_mean",
        ),
        (
            "*/20260724_120000/summary.json",
            lambda s: s["metric"].update(save_checkpoint_io_stdev_GB_per_second=0.5),
            "save_checkpoint_io_stdev",
        ),
        (
            "*/summary.json",
            lambda s: s["metric"].update(checkpoint_size_GB=105.0),
            "checkpoint_size_GB",
        ),
        (
            "*/20260724_120000/5_per_epoch_stats.json",
            lambda e: e["1"]["save_ckpt3"].update(throughput=14.0),
            "save_ckpt3 throughput",
        ),
        (
            "*/checkpointing/*/results.json",
            lambda rows: rows[0].update({"Read B/W (GiB/s)": 21.0}),
            "table: Read B/W",
        ),
    ],
)
def test_a_number_that_does_not_follow_from_the_files_is_told(
    pattern, edit, metric, tmp_path
):
    part = judged(checkpointing_v3().change(pattern, edit), tmp_path)
    assert any(metric in c.metric for c in part.comparisons if not c.agrees)


def test_durations_of_two_decimals_are_not_taken_for_exact(tmp_path):
    files = checkpointing_v3()
    for path in files.matching("*_per_epoch_stats.json"):
        for name, block in files[path]["1"].items():
            if "ckpt" in name:
                block["duration"] = f"{block['duration'] - 0.004:.2f}"
    assert all(c.agrees for c in judged(files, tmp_path).comparisons)


def test_the_slowest_rank_stands_beside_rank_0(tmp_path):
    files = checkpointing_v3()
    files.change(
        "*/20260724_120000/6_per_epoch_stats.json",
        lambda e: [b.update(duration=16.0) for k, b in e["1"].items() if "ckpt" in k],
    )
    (found,) = said(judged(files, tmp_path), "EV-21")
    assert "slowest rank 6.544 GiB/s" in found.actual
    assert "rank 0 12.872 GiB/s (50.8 %)" in found.actual


@pytest.mark.parametrize(
    "value", [None, "", -1, 0, 1e308, True, [], {}, [None], "2026-99-99", "\x1b[31m"]
)
@pytest.mark.parametrize("name", ["summary.json", "_metadata.json", "config.yaml"])
def test_absurd_values_are_told_and_break_no_rule(value, name, tmp_path):
    files = checkpointing_v3()
    for path in files.matching(f"*{name}"):
        files[path] = _everywhere(files[path], value)
    part = judged(files, tmp_path)
    assert not [f for f in part.judgement.findings if f.verdict is Verdict.ERROR]


def _everywhere(data: object, value: object) -> object:
    if isinstance(data, dict):
        return {key: _everywhere(inner, value) for key, inner in data.items()}
    return value


@pytest.mark.parametrize(
    ("ranks", "gib", "agrees"),
    [
        (8, 94.0, True),
        (8, 98.54466915130615, True),
        (8, 90.0, False),
        (256, 94.0, False),
    ],
)
def test_a_subset_may_have_the_size_of_the_formula_or_of_the_table(
    ranks, gib, agrees, tmp_path
):
    files = checkpointing_v3("llama3-405b", ranks=ranks, gib=gib)
    found = judged(files, tmp_path, "3.0-round").comparisons
    sizes = [c for c in found if "checkpoint_size" in c.metric]
    assert [c.agrees for c in sizes] == [agrees, agrees]
