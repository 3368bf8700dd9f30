"""What a run is reduced to, against what the rows say."""

from dataclasses import replace

import numpy as np
import pytest

from mlps import histogram
from rules.report.heat import MOST_COLUMNS, MOST_ROWS
from rules.report.html import page
from rules.report.run import run_view
from rules.report.source import MOST_POINTS, points
from rules.report.view import RunView
from rules.sources.campaign import subjects
from rules.sources.folder import Folder
from rules.sources.loading import load
from tests.report import crowd
from tests.rules import campaigns


@pytest.fixture(scope="module")
def run() -> RunView:
    return crowd.run()


def panel(run: RunView, node: int, name: str):
    return next(p for p in run.hosts[node].panels if p.name == name)


def test_clocks_of_all_ranks_meet_on_one_axis(run):
    assert [p.name for p in run.phases] == ["flush-1", "epoch-1", "flush-2", "epoch-2"]
    assert [p.start_s for p in run.phases] == pytest.approx([0.0, 2.0, 6.0, 8.0])
    assert run.duration_s == pytest.approx(12.0)


def test_the_slow_host_and_its_slowest_rank_are_named(run):
    worst = max(run.hosts, key=lambda h: h.wait_percent or 0)
    assert worst.node == crowd.SLOW_NODE
    assert worst.worst_rank == crowd.SLOW_NODE * crowd.EACH


def test_delivered_bytes_over_time_are_those_of_the_steps(run):
    (found,) = run.throughput.series
    world = len(run.hosts) * crowd.EACH
    expected = world * 7 * 146_600_628 * 10**9 / crowd.STEP_NS
    known = [v for v in found.values if v is not None]
    assert known == pytest.approx([expected] * len(known), rel=1e-6)
    between = [
        v for t, v in zip(found.time_s, found.values, strict=True) if 6 <= t <= 8
    ]
    assert between == [None]


def test_latency_is_read_from_the_merged_histogram(run):
    rows = crowd.tables(4, 2, 20)["latency"]
    reads = rows[rows["operation"] == b"read"]
    counts = histogram.merge(reads["bucket"], reads["count"])
    row = next(r for r in run.latency_rows if r.operation == "read")
    assert row.count == int(reads["count"].sum())
    assert row.p99_s == histogram.percentile_ns(counts, 99) / 1e9
    assert row.max_s == histogram.percentile_ns(counts, 100) / 1e9


def test_percentiles_of_an_interval_are_ordered_and_never_beyond_the_maximum(run):
    found = {s.name: s.values for s in run.latency[0].series}
    for p50, p99, most in zip(found["p50"], found["p99"], found["max"], strict=True):
        assert (p50 is None) == (most is None)
        if most is not None:
            assert p50 <= p99 <= most <= run.latency_rows[0].max_s


def test_rates_of_hosts_are_what_the_counters_grew_by(run):
    for name in ("disk", "network"):
        found = panel(run, 0, name).series[0]
        rates = [crowd.READ_BYTES_PER_S] * len(found.values)
        assert list(found.values) == pytest.approx(rates, rel=1e-6)


def test_processor_shares_stay_within_the_whole(run):
    parts = panel(run, 1, "cpu").series
    for values in zip(*(s.values for s in parts), strict=True):
        assert 0 <= sum(values) <= 100 + 1e-9


def test_what_is_not_recorded_is_said_never_drawn_as_zero():
    empty = {n: rows[:0] for n, rows in crowd.kernel(4, 1).items()}
    spoiled = crowd.run(
        spoiled={**empty, "latency": crowd.tables(1, 1, 5)["latency"][:0]}
    )
    assert {p.absent for h in spoiled.hosts for p in h.panels} == {"not recorded"}
    assert all(not p.series for h in spoiled.hosts for p in h.panels)
    assert spoiled.latency == ()
    assert spoiled.hosts[0].cpu_busy_percent is None


def test_a_cell_of_the_heat_map_is_the_longest_wait_it_stands_for():
    run = crowd.run(hosts=16, epochs=1, steps=500)
    cells = np.array(run.heat.cells)
    assert cells.shape == (MOST_ROWS, MOST_COLUMNS)
    waits = crowd.tables(16, 1, 500)["steps"]["wait_ns"] / 1e9
    assert cells.max() == waits.max()


def test_a_missing_step_is_a_hole_in_the_heat_map():
    steps = crowd.tables(4, 2, 20)["steps"]
    hole = (steps["rank"] == 1) & (steps["epoch"] == 2) & (steps["step"] == 3)
    found = crowd.run(spoiled={"steps": steps[~hole]}).heat
    assert found.cells[1][23] is None
    assert sum(v is None for row in found.cells for v in row) == 1


def test_epochs_without_end_do_not_make_a_page_without_end(demo):
    steps = np.zeros(50_000, dtype=crowd.tables(1, 1, 1)["steps"].dtype)
    steps["epoch"], steps["wait_ns"] = np.arange(50_000), 5
    run = crowd.run(spoiled={"steps": steps})
    assert len(run.heat.epoch_columns) <= MOST_COLUMNS
    assert len(page.judgement_page("x", [replace(demo, runs=(run,))])) < 1_000_000


@pytest.mark.parametrize(("table", "column"), [("phases", "phase"), ("hosts", "node")])
def test_more_phases_or_hosts_than_any_run_has_are_refused(table, column):
    rows = np.zeros(5000, dtype=crowd.tables(1, 1, 1)[table].dtype)
    rows[column] = np.arange(5000)
    with pytest.raises(ValueError, match="more than"):
        crowd.run(spoiled={table: rows})


def test_of_many_devices_the_busiest_are_drawn_and_the_rest_is_counted():
    disks = crowd.kernel(4, 4)["disks"]
    rows = np.concatenate([disks] * 6)
    names = [f"nvme{n}n1".encode() for n in range(6)]
    rows["device"] = np.repeat(names, len(disks))
    rows["sectors_read"] *= np.repeat(np.arange(6), len(disks)).astype(np.uint64)
    found = panel(crowd.run(spoiled={"disks": rows}), 0, "disk")
    assert [s.name.split()[0] for s in found.series[::2]] == [
        "nvme5n1",
        "nvme4n1",
        "nvme3n1",
    ]
    assert found.title == "Disk (the 3 busiest; 2 more)"


def test_more_hosts_do_not_mean_more_points():
    assert points(1, 4) == MOST_POINTS
    assert points(512, 6) * 6 * 8 * 14 < 150_000
    crowded = crowd.run(hosts=12)
    drawn = sorted(h.wait_percent for h in crowded.hosts if h.panels)
    rest = [h.wait_percent for h in crowded.hosts if not h.panels]
    assert len(drawn) == 8
    assert drawn[0] >= max(rest)


def test_evidence_that_changed_since_it_was_judged_is_not_shown(campaign, doc):
    (found,) = subjects(campaign)
    record = found.record.runs[2]

    def slower(rows: campaigns.Tables) -> None:
        rows["steps"]["wait_ns"] += 1

    campaigns.rewrite(campaign, doc, 2, slower)
    evidence, fault = load(Folder(campaign), record.where)
    view = run_view(record, evidence, fault, doc.plan, 600)
    assert view.fault == "evidence.h5 changed while it was read"
    assert view.epochs == ()


def test_hundreds_of_ranks_stay_below_three_megabytes(demo):
    run = crowd.run(hosts=64, epochs=5, steps=60)
    runs = tuple(replace(run, label=f"{n:02d}-measured") for n in range(6))
    text = page.judgement_page("many", [replace(demo, runs=runs)])
    assert len(text.encode()) < 3_000_000
