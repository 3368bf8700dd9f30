"""Absurd rows of the sampled tables: named or judged, never the end of the judge."""

import numpy as np
import pytest

from mlps.evidence import ABSENT, BY_NAME
from rules.catalogue import CATALOGUE
from tests.rules.bench import said

TABLES = (
    "process",
    "cpu",
    "disks",
    "mounts",
    "flushes",
    "direct_io",
    "clock",
    "dataset",
    "ranks",
    "phases",
)
EXTREMES = {
    "the least": np.iinfo(np.int64).min,
    "the most": np.iinfo(np.int64).max,
    "minus one": -1,
}


def judged_whole(campaign) -> None:
    judgement = campaign.judged()
    assert {f.rule_id for f in judgement.findings} >= {
        r.id for r in CATALOGUE if r.id.startswith("EV-1")
    }
    assert "ERROR" not in {f.verdict for f in judgement.findings}, judgement.findings


@pytest.mark.parametrize("value", EXTREMES.values(), ids=EXTREMES)
@pytest.mark.parametrize("table", TABLES)
def test_extreme_numbers(bench, table, value):
    def edit(rows) -> None:
        for column, (kind, _) in BY_NAME[table].dtype.fields.items():
            if kind.kind == "i":
                rows[table][column] = value
            if kind.kind == "u":
                rows[table][column] = ABSENT if value > 0 else 0

    campaign = bench.demo
    campaign.edit(2, edit)
    judged_whole(campaign)


@pytest.mark.parametrize("table", TABLES)
def test_rows_backwards_and_twice(bench, table):
    def edit(rows) -> None:
        rows[table] = np.concatenate([rows[table][::-1], rows[table]])

    campaign = bench.demo
    campaign.edit(2, edit)
    judged_whole(campaign)


@pytest.mark.parametrize("table", TABLES)
def test_nothing_at_all(bench, table):
    campaign = bench.demo
    campaign.edit(2, lambda rows: rows.update({table: rows[table][:0]}))
    judged_whole(campaign)


def test_a_file_system_the_kernel_does_not_count_is_not_guessed_at(bench):
    def edit(rows) -> None:
        rows["mounts"]["fs_type"] = b"lustre"
        rows["mounts"]["counted_by"] = b"none: lustre: its client counts for itself"
        rows["process"]["io_read_bytes"] = 0

    campaign = bench.demo
    for number in (1, 2, 3):
        campaign.edit(number, edit)
    findings = said(campaign.judged(), "EV-11")
    assert [f.verdict for f in findings] == ["PASS", "NOT_APPLICABLE"]
    assert "lustre" in findings[1].actual
    assert "record" in findings[1].actual
    assert "an unknown share" in findings[0].actual


def test_the_share_of_the_page_cache_is_named(bench):
    def edit(rows) -> None:
        read = rows["process"]["io_read_bytes"]
        read[:] = (read * 0.995).astype(read.dtype)

    campaign = bench.demo
    campaign.edit(2, edit)
    (finding,) = said(campaign.judged(), "EV-11")
    assert finding.verdict == "PASS"
    assert (
        "most in run 02-measured epoch-1 host 0: 0.5 % (0.5-0.5 %) of" in finding.actual
    )


def test_the_slowest_rank_stands_beside_rank_0_and_the_mean(bench):
    (finding,) = said(bench.demo.judged(), "EV-20")
    assert "slowest rank 1 93.00 %, rank 0 95.00 %, mean of 2 94.00 %" in finding.actual
