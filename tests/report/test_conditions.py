"""What a run was taken under: ceiling, causes of waiting, cache, clocks, stalls."""

import json
from dataclasses import replace

import numpy as np
import pytest

from mlps.evidence import BY_NAME
from rules.report import conditions, data, markdown, rows, text
from rules.report.html.page import judgement_page
from rules.report.source import chapter
from rules.sources.campaign import subjects
from tests.report import crowd
from tests.rules import campaigns

POSSIBLE = "94.00 % of a possible 99.00 %"


def test_the_page_names_who_was_waited_for(demo):
    assert "Most waited for: 01-warmup: rank 1, last in" in judgement_page("d", [demo])


def test_what_was_possible_stands_beside_utilization_everywhere(demo):
    assert POSSIBLE in text.summary(demo)
    assert POSSIBLE in markdown.document([demo])
    page = judgement_page("demo", [demo])
    assert POSSIBLE in page
    assert "possible without storage 99.00 %" in page
    assert '<line class="ceiling"' in page
    (subject,) = json.loads(data.document([demo], 0))["subjects"]
    measured = subject["runs"][2]
    assert measured["ceiling_percent"] == pytest.approx(99)


def test_a_campaign_without_calibration_has_no_ceiling(demo):
    runs = tuple(replace(run, ceiling_percent=None) for run in demo.runs)
    page = judgement_page("demo", [replace(demo, runs=runs)])
    assert "of a possible" not in page
    assert '<line class="ceiling"' not in page


def test_waiting_is_split_by_cause():
    steps = crowd.tables(2, 1, 10)["steps"]
    steps["wait_storage_ns"] = steps["wait_ns"] // 2
    steps["wait_starved_ns"] = steps["wait_ns"] // 4
    split = crowd.run(2, 1, 10, {"steps": steps}).split
    assert split.storage_s == pytest.approx(split.wait_s / 2, rel=1e-6)
    assert split.starved_s == pytest.approx(split.wait_s / 4, rel=1e-6)
    assert split.storage_s + split.starved_s + split.client_s == pytest.approx(
        split.wait_s
    )


def test_the_rank_most_others_waited_for_is_named():
    run = crowd.run()
    assert run.awaited[0].rank == crowd.SLOW_NODE * crowd.EACH
    assert f"rank {crowd.SLOW_NODE * crowd.EACH}, last in" in rows.awaited(run)


def test_what_a_calibration_read_is_no_storage(demo):
    generated = demo.runs[0]
    assert generated.heat is None or generated.heat.steps == 0
    assert not any(row.operation == "read" for row in generated.latency_rows)
    assert generated.throughput is None or not generated.throughput.series


def test_each_epoch_says_what_came_from_its_page_cache(campaign, doc):
    def edit(tables) -> None:
        tables["process"]["io_read_bytes"] //= 2

    campaigns.rewrite(campaign, doc, 2, edit)
    (found,) = subjects(campaign)
    told = chapter(found)
    table = conditions.of_cached(told.runs)
    assert ("02-measured", "epoch-2", "0", "50.0 %", "50.0 %", "50.0 %") in table.rows
    assert ("03-measured", "epoch-2", "0", "0.0 %", "0.0 %", "0.0 %") in table.rows
    assert "Share that came from the page cache" in text.summary(told)


def test_a_share_nobody_counts_is_no_number(campaign, doc):
    def edit(tables) -> None:
        tables["mounts"]["fs_type"] = b"lustre"
        tables["mounts"]["counted_by"] = b"none: lustre: its client counts for itself"

    campaigns.rewrite(campaign, doc, 2, edit)
    (found,) = subjects(campaign)
    run = chapter(found).runs[2]
    assert [share.percent for share in run.cached] == [None, None]
    why = "not known: lustre: its client counts for itself"
    assert why in conditions.of_cached([run]).rows[0]


def test_starts_and_drift_are_shown():
    clock = crowd.tables(2, 1, 10)["clock"]
    later = clock.copy()
    later["sampled_at_ns"] += 10**9
    later["offset_ns"][later["rank"] == 1] += 5000
    run = crowd.run(2, 1, 10, {"clock": np.concatenate([clock, later])})
    assert run.drift.rank == 1
    assert run.drift.parts_per_million == pytest.approx(5)
    assert "+5.00 ± 0.00 ppm (rank 1)" in conditions.of_starts([run]).rows[0]
    assert [start.phase for start in run.starts] == ["flush-1", "epoch-1"]


def test_stalls_are_listed():
    stall = np.zeros(1, dtype=BY_NAME["stalls"].dtype)
    stall["rank"], stall["phase"], stall["doing"] = 3, b"epoch-1", b"reading"
    stall["step"], stall["object"], stall["stalled_ns"] = 7, b"a.npz", 12 * 10**9
    stall["process_state"], stall["wait_channel"] = b"D", b"nfs_wait"
    run = crowd.run(2, 1, 10, {"stalls": stall})
    (row,) = conditions.of_stalls([run]).rows
    assert row[1:6] == ("3", "epoch-1", "reading", "7 a.npz", "D nfs_wait")
    assert row[-1] == "12.0 s"
