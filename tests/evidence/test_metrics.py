"""Metrics against their definitions, written out in plain Python."""

from dataclasses import replace
from fractions import Fraction
from math import fsum

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlps import histogram, metrics, summary
from mlps.evidence import TABLES
from mlps.plan import Metric
from tests.rules import campaigns, plans

PLAN = plans.demo_plan()
NOMINAL_NS = round(PLAN.workload.train.computation_time_s * 1e9)
MS = 10**6

step = st.tuples(
    st.integers(0, 50 * MS), st.integers(0, 50 * MS), st.integers(0, 9 * MS)
)
rank_steps = st.lists(step, min_size=0, max_size=8)


def tables_of(ranks: list[list[tuple[int, int, int]]], order: int = 0):
    """One epoch of each rank, its rows in some order; 1000 ns are in no step."""
    steps, phases = [], []
    for rank, own in enumerate(ranks):
        took = sum(sum(times) for times in own) + 1000
        batch = sum(7 for _ in own)
        phases.append(
            (rank, 1, "epoch-1", 1, 0, 5, 5 + took, 0, "complete", len(own), batch, 0)
        )
        for number, (wait, compute, barrier) in enumerate(own):
            row = (rank, 1, 1, number, 0, wait, 0, 0, NOMINAL_NS, compute, barrier)
            row += (7, 100)
            steps.append(row)
    shuffle = np.random.default_rng(order).permutation
    return {
        "clock": campaigns.rows("clock"),
        "phases": shuffle(campaigns.rows("phases", *phases)),
        "steps": shuffle(campaigns.rows("steps", *steps)),
    }


def percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


@given(st.lists(rank_steps, min_size=1, max_size=4), st.integers(0, 2))
def test_utilization_is_what_the_rules_define(ranks, start):
    plan = plans.changed(
        PLAN,
        "workload.metric",
        Metric(au=0.9, exclude_start_steps=start, exclude_end_steps=0),
    )
    (epoch,) = metrics.utilization(metrics.rank_epochs(plan, tables_of(ranks)), 7)
    rules, dlio = [], []
    for own in ranks:
        left_out, window = own[:start], own[start:]
        stepping = sum(sum(times) for times in window)
        epoch_ns = sum(sum(times) for times in own) + 1000
        epoch_ns -= sum(wait + compute for wait, compute, _ in left_out)
        rules.append(percent(NOMINAL_NS * len(window), stepping))
        dlio.append(percent(sum(compute for _, compute, _ in window), epoch_ns))
    assert epoch.rules_percent == fsum(rules) / len(rules)
    assert epoch.dlio_percent == fsum(dlio) / len(dlio)
    assert epoch.slowest_rules_percent == min(rules)
    assert epoch.slowest_rank == rules.index(min(rules))


@given(st.lists(rank_steps, min_size=1, max_size=4), st.integers(1, 10))
def test_the_order_of_rows_does_not_matter(ranks, order):
    assert metrics.rank_epochs(PLAN, tables_of(ranks)) == metrics.rank_epochs(
        PLAN, tables_of(ranks, order)
    )


@given(st.lists(rank_steps, min_size=1, max_size=4))
def test_sums_are_exact_integers(ranks):
    for record, own in zip(
        metrics.rank_epochs(PLAN, tables_of(ranks)), ranks, strict=True
    ):
        assert record.steps == len(own)
        assert record.wait_ns == sum(wait for wait, _, _ in own)
        assert record.compute_ns == sum(compute for _, compute, _ in own)
        assert record.barrier_ns == sum(barrier for _, _, barrier in own)
        assert record.samples == 7 * len(own)
        assert record.delivered_bytes == 100 * len(own)


def test_oversleep_is_compute_beyond_nominal():
    ranks = [[(0, NOMINAL_NS * 2, 0)], [(0, NOMINAL_NS, 0)]]
    assert metrics.oversleep_percent(metrics.rank_epochs(PLAN, tables_of(ranks))) == 50


@given(st.integers(1, 50 * MS))
def test_a_busy_client_cannot_raise_its_own_utilization(late_ns):
    """DLIO credits oversleep as accelerator work; the rules' figure must fall."""

    def of(compute_ns):
        own = [(2 * MS, compute_ns, 0)] * 5
        (epoch,) = metrics.utilization(metrics.rank_epochs(PLAN, tables_of([own])), 7)
        return epoch

    calm, busy = of(NOMINAL_NS), of(NOMINAL_NS + late_ns)
    assert busy.rules_percent < calm.rules_percent
    assert busy.dlio_percent > calm.dlio_percent


def test_a_flush_is_no_epoch():
    tables = tables_of([[(0, NOMINAL_NS, 0)] * 4])
    flush = (0, 0, "flush-1", 0, 0, 0, 10**12, 0, "complete", 0, 0, 0)
    tables["phases"] = np.concatenate(
        [campaigns.rows("phases", flush), tables["phases"]]
    )
    (record,) = metrics.rank_epochs(PLAN, tables)
    assert record.epoch == 1


def test_epochs_are_placed_on_the_clock_of_rank_0():
    tables = tables_of([[(0, MS, 0)], [(0, MS, 0)]])
    tables["clock"] = campaigns.rows(
        "clock", (1, "start", 0, 100, 50, 0), (1, "end", 0, 10**6, 900, 0)
    )
    first, second = metrics.rank_epochs(PLAN, tables)
    assert second.start_ns - first.start_ns == 100  # the least uncertain measurement
    assert metrics.epoch_span_ns([first, second]) == 100 + first.end_ns - first.start_ns


bucket_rows = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 2),
        st.sampled_from(["open", "read"]),
        st.integers(0, 3000),
        st.integers(1, 10**6),
    ),
    min_size=1,
    max_size=60,
)


@given(bucket_rows)
def test_latency_of_all_ranks_is_the_sum_of_the_parts(buckets):
    rows = campaigns.rows("latency", *((r, p, o, 0, b, c) for r, p, o, b, c in buckets))
    merged = metrics.latency({"latency": rows}, [0, 1, 2], "read")
    wanted: dict[int, int] = {}
    for _, _, operation, bucket, count in buckets:
        if operation == "read":
            wanted[bucket] = wanted.get(bucket, 0) + count
    assert merged == wanted
    split = [
        metrics.latency({"latency": rows[rows["rank"] == rank]}, [0, 1, 2], "read")
        for rank in range(4)
    ]
    keys = np.array([b for part in split for b in part], dtype=np.int64)
    counts = np.array([c for part in split for c in part.values()], dtype=np.int64)
    assert histogram.merge(keys, counts) == wanted


@settings(max_examples=20)
@given(st.floats(0.3, 1.0), st.integers(1, 4))
def test_the_summary_of_a_run_is_the_utilization_it_was_made_with(au, ranks):
    doc = plans.frozen(plans.demo_plan(ranks=ranks))
    taste = campaigns.Taste(au=au, slowest_au=au)
    run = doc.plan.campaign.runs[1]
    tables = {t.name: np.zeros(0, dtype=t.dtype) for t in TABLES}
    tables |= campaigns.tables_of(doc, run, taste)
    data = summary.summarize(doc.plan, tables)["training"]
    assert data["au_rules_percent"] == pytest.approx(100 * au, rel=1e-5)
    assert data["au_dlio_percent"] == pytest.approx(100 * au, rel=1e-5)
    assert data["delivered_bytes"] == int(tables["steps"]["delivered_bytes"].sum())
    assert data["samples"] == 7 * len(tables["steps"])
    seconds = sum(epoch["duration_s"] for epoch in data["epochs"])
    assert data["samples_per_s"] == pytest.approx(data["samples"] / seconds)


def test_rates_over_no_time_are_zero():
    assert metrics.rate_per_s(5, 0) == 0
    assert metrics.mean([]) == 0
    assert metrics.rate_per_s(3, 2 * 10**9) == Fraction(3, 2)


def test_a_summary_of_datagen_has_no_utilization():
    doc = plans.frozen(PLAN)
    run = doc.plan.campaign.runs[0]
    tables = {t.name: np.zeros(0, dtype=t.dtype) for t in TABLES}
    tables |= campaigns.tables_of(doc, run, replace(campaigns.PLAIN))
    data = summary.summarize(doc.plan, tables)
    assert data["training"] is None
    assert data["datagen"]["files_written"] == PLAN.workload.dataset.files
