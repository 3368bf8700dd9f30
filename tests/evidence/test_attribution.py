"""Where time went, who was waited for, clocks and the ceiling, in plain Python."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlps import barriers, clocks, metrics, summary
from mlps.attribution import parts_of, together
from mlps.ceiling import find_ceiling
from mlps.evidence import TABLES
from mlps.plan import Metric
from tests.rules import campaigns, plans

MS = 10**6
METRIC = Metric(au=0.9, exclude_start_steps=1, exclude_end_steps=0)
PLAN = plans.changed(plans.demo_plan(), "workload.metric", METRIC)
NOMINAL_NS = metrics.nominal_compute_ns(PLAN)

step = st.tuples(
    st.integers(0, 9 * MS),  # in a read
    st.integers(0, 9 * MS),  # without a CPU
    st.integers(0, 9 * MS),  # the client's own
    st.integers(0, 9 * MS),  # oversleep
    st.integers(0, 9 * MS),  # barrier
)


def step_row(rank, number, times, *, epoch=1, start_ns=0):
    storage, starved, client, oversleep, barrier = times
    row = (rank, epoch, epoch, number, start_ns, storage + starved + client)
    row += (storage, starved, NOMINAL_NS, NOMINAL_NS + oversleep, barrier)
    return (*row, 7, 100)


def steps_of(ranks, *, epoch=1):
    rows = [
        step_row(rank, number, times, epoch=epoch)
        for rank, own in enumerate(ranks)
        for number, times in enumerate(own)
    ]
    return np.random.default_rng(0).permutation(campaigns.rows("steps", *rows))


@given(st.lists(step, min_size=1, max_size=20))
def test_every_nanosecond_of_a_step_has_one_cause(own):
    rows = steps_of([own])
    parts = parts_of(rows, NOMINAL_NS)
    assert parts.causes_ns == dict(
        zip(
            ["storage", "starved", "client", "oversleep", "barrier"],
            map(sum, zip(*own, strict=True)),
            strict=True,
        )
    )
    took = rows["wait_ns"] + rows["compute_ns"] + rows["barrier_ns"]
    assert parts.total_ns == took.sum()
    every = [parts.compute_ns, *parts.causes_ns.values()]
    assert sum(map(parts.percent, every)) == pytest.approx(100)
    assert together([parts, parts]).total_ns == 2 * parts.total_ns


@given(st.lists(st.lists(step, min_size=3, max_size=3), min_size=1, max_size=4))
def test_the_parts_of_an_epoch_are_those_of_its_window(ranks):
    rows = steps_of(ranks)
    closing = [
        (rank, 1, "epoch-1", 1, 0, 0, 10**12, 0, "complete", 3, 21, 300)
        for rank in range(len(ranks))
    ]
    tables = {
        "steps": rows,
        "clock": campaigns.rows("clock"),
        "phases": campaigns.rows("phases", *closing),
    }
    records = metrics.rank_epochs(PLAN, tables)
    for record, own in zip(records, ranks, strict=True):
        assert record.parts.storage_ns == sum(times[0] for times in own[1:])
        assert record.parts.total_ns == record.window_ns
        share = record.parts.percent(record.parts.compute_ns)
        assert share == 100 * record.window_requested_ns / record.window_ns


arrivals = st.lists(
    st.lists(st.integers(0, 50), min_size=1, max_size=5), min_size=1, max_size=4
)


@given(arrivals, st.lists(st.integers(-30, 30), min_size=5, max_size=5))
def test_the_last_to_arrive_is_blamed_for_what_the_others_waited(steps, offsets):
    """Each list is a step: how late each rank arrived on its own clock."""
    rows, wanted = [], {}
    for number, own in enumerate(steps):
        for rank, at in enumerate(own):
            rows.append(step_row(rank, number, (0, 0, 0, 0, 0), start_ns=at))
        true = [at + offsets[rank] for rank, at in enumerate(own)]
        if len(own) > 1:
            last = true.index(max(true))
            count, caused = wanted.get(last, (0, 0))
            caused += sum(max(true) - at for at in true)
            wanted[last] = (count + 1, caused)
    tables = {
        "steps": np.random.default_rng(1).permutation(campaigns.rows("steps", *rows)),
        "clock": campaigns.rows(
            "clock", *((r, "start", 0, o, 5, 0) for r, o in enumerate(offsets))
        ),
        "phases": campaigns.rows(
            "phases",
            *((r, 1, "epoch-1", 1, 0, 1, 9, 0, "complete", 1, 7, 1) for r in range(5)),
        ),
    }
    found = barriers.late_ranks(tables)
    assert {late.rank: (late.steps, late.caused_ns) for late in found} == wanted
    caused = [late.caused_ns for late in found]
    assert caused == sorted(caused, reverse=True)


def test_steps_without_storage_are_no_epoch():
    tables = {
        "steps": steps_of([[(1, 0, 0, 0, 0)] * 3] * 2, epoch=0),
        "clock": campaigns.rows("clock"),
        "phases": campaigns.rows("phases"),
    }
    assert barriers.late_ranks(tables) == []
    assert metrics.rank_epochs(PLAN, tables) == []


def phase_row(rank, number, name, agreed_ns, start_ns):
    return (
        *(rank, number, name, number, agreed_ns, start_ns, start_ns + 9),
        *(0, "complete", 1, 7, 1),
    )


def test_starts_are_compared_on_the_clock_that_was_measured_last_before():
    tables = {
        "clock": campaigns.rows(
            "clock",
            (1, "start", 50, 1000, 5, 0),
            (1, "epoch-2", 4000, 3000, 9, 0),
            (1, "end", 9000, 10_000, 1, 0),
        ),
        "phases": campaigns.rows(
            "phases",
            phase_row(0, 2, "epoch-2", 8000, 8100),
            phase_row(1, 2, "epoch-2", 5000, 5350),
            phase_row(1, 1, "epoch-1", 1000, 1030),
            phase_row(0, 1, "epoch-1", 2000, 2070),
        ),
    }
    first, second = clocks.phase_starts(tables)
    assert (first.name, first.skew_ns) == ("epoch-1", 40)  # 2070 and 1030 + 1000
    assert (first.latest_rank, first.lateness_ns) == (0, 70)
    assert (second.name, second.skew_ns) == ("epoch-2", 250)  # 8100 and 5350 + 3000
    assert (second.latest_rank, second.lateness_ns) == (1, 350)


def test_drift_is_the_change_of_the_offset_between_first_and_last():
    tables = {
        "clock": campaigns.rows(
            "clock",
            (0, "start", 0, 0, 0, 0),
            (0, "end", 10**9, 0, 0, 0),
            (1, "end", 10**9, 520, 5, 0),
            (1, "start", 0, 20, 5, 0),
            (2, "start", 0, 20, 5, 0),
        )
    }
    found = clocks.drifts(tables)
    assert [(d.rank, d.parts_per_million, d.error_ppm) for d in found] == [
        (0, 0.0, 0.0),
        (1, 0.5, 0.01),
    ]


@given(st.lists(st.lists(step, min_size=4, max_size=4), min_size=1, max_size=4))
def test_the_ceiling_is_utilization_by_the_rules_of_the_steps_without_storage(ranks):
    rows = np.concatenate(
        [steps_of(ranks, epoch=0), steps_of([[(9 * MS, 0, 0, 0, 0)] * 4], epoch=1)]
    )
    found = find_ceiling(PLAN, rows)
    shares = [
        100 * 3 * NOMINAL_NS / (3 * NOMINAL_NS + sum(map(sum, own[1:])))
        for own in ranks
    ]
    assert found.percent == metrics.mean(shares)
    assert found.slowest_percent == min(shares)
    assert found.slowest_rank == shares.index(min(shares))
    barrier_ns = [sum(times[4] for times in own[1:]) for own in ranks]
    assert barrier_ns[found.awaited_rank] == min(barrier_ns)
    lost = list(found.lost_percent.values())
    assert lost == sorted(lost, reverse=True)
    assert found.lost_percent[found.limit] == lost[0]
    whole = sum(lost) + found.parts.percent(found.parts.compute_ns)
    assert whole == pytest.approx(100)


@pytest.mark.parametrize(
    ("cause", "limit"),
    [
        (0, "memory"),
        (1, "no CPU for readers"),
        (2, "step overhead"),
        (3, "oversleep of compute"),
        (4, "barrier"),
    ],
)
def test_what_limits_is_named(cause, limit):
    times = [MS if number == cause else 0 for number in range(5)]
    found = find_ceiling(PLAN, steps_of([[times] * 4] * 2, epoch=0))
    assert found.limit == limit


def test_there_is_no_ceiling_without_calibration_window_or_compute():
    assert find_ceiling(PLAN, campaigns.rows("steps")) is None
    assert find_ceiling(PLAN, steps_of([[(0, 0, 0, 0, 0)]], epoch=0)) is None
    idle = plans.changed(PLAN, "workload.train.computation_time_s", 0.0)
    assert find_ceiling(idle, steps_of([[(1, 0, 0, 0, 0)] * 4], epoch=0)) is None


def test_the_summary_tells_it_in_seconds_percent_and_microseconds():
    doc = plans.frozen(plans.demo_plan(ranks=2))
    run = doc.plan.campaign.runs[1]
    tables = {t.name: np.zeros(0, dtype=t.dtype) for t in TABLES}
    tables |= campaigns.tables_of(doc, run, campaigns.PLAIN)
    tables["steps"]["wait_storage_ns"] = tables["steps"]["wait_ns"]
    tables["steps"]["wait_starved_ns"] = 0
    slowed = tables["phases"]["rank"] == 1
    tables["phases"]["start_ns"][slowed] += 7000
    data = summary.summarize(doc.plan, tables)
    told = data["training"]["attribution"]
    assert told["seconds"]["storage"] > 0 == told["seconds"]["client"]
    assert sum(told["percent"].values()) == pytest.approx(100)
    own = data["training"]["attribution_of_ranks"]
    assert [entry["rank"] for entry in own] == [0, 1]
    assert own[1]["percent"]["storage"] > own[0]["percent"]["storage"]
    assert data["training"]["waited_for"][0]["rank"] == 1
    assert data["calibration"] is None
    assert [p["name"] for p in data["phases"]] == [p.name for p in run.phases]
    assert all(p["latest_start_us"] == 7 for p in data["phases"])
    assert data["clock_drift"]["parts_per_million"] == 0
