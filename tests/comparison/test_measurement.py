"""Metrics of runs and epochs: the summary's own numbers, and those it has not."""

import json

import numpy as np
import pytest

from mlps.evidence import ABSENT, BY_NAME
from mlps.evidence.reader import read
from rules.comparison import measurement, metric
from tests.comparison import results
from tests.rules import campaigns, plans

SECOND = 10**9


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A run of two epochs and two ranks, its tables, plan and summary."""
    path = results.campaign(tmp_path_factory.mktemp("metric"), [0.92, 0.95])
    run = results.run_of(path, 2)
    tables = dict(read(run / "evidence.h5").tables)
    return results.demo(2), tables, json.loads((run / "summary.json").read_text())


def test_a_run_has_the_numbers_of_its_summary(measured):
    plan, tables, summary = measured
    whole, *epochs = measurement.units(plan, tables)
    training = summary["training"]
    for key in (
        "au_rules_percent",
        "au_dlio_percent",
        "au_slowest_rank_percent",
        "samples_per_s",
        "bytes_per_s",
        "oversleep_percent",
    ):
        assert whole[key] == training[key], key
    assert len(epochs) == len(training["epochs"]) == 2
    for unit, said in zip(epochs, training["epochs"], strict=True):
        assert unit["au_rules_percent"] == said["au_rules_percent"]
        assert unit["epoch_s"] == said["duration_s"]
        assert unit["bytes_per_s"] == said["bytes_per_s"]


def test_every_metric_is_measured(measured):
    plan, tables, _ = measured
    (whole, *_) = measurement.units(plan, tables)
    assert set(whole) == {m.key for m in metric.METRICS}


def test_a_run_without_epochs_has_no_units(measured):
    plan, tables, _ = measured
    nothing = {**tables, "phases": tables["phases"][:0], "steps": tables["steps"][:0]}
    assert measurement.units(plan, nothing) == ()


def test_shares_are_of_the_time_of_the_steps(measured):
    plan, tables, _ = measured
    steps = tables["steps"].copy()
    steps["wait_ns"], steps["compute_ns"], steps["barrier_ns"] = 20, 50, 30
    (whole, *_) = measurement.units(plan, {**tables, "steps": steps})
    assert whole["wait_share_percent"] == 20
    assert whole["barrier_share_percent"] == 30
    assert whole["step_s"] == 100 / SECOND


def test_wait_percentiles_come_from_all_steps_of_the_unit(measured):
    plan, tables, _ = measured
    steps = tables["steps"].copy()
    steps["wait_ns"] = np.where(steps["epoch"] == 1, 100, 200)
    whole, first, second = measurement.units(plan, {**tables, "steps": steps})
    assert (first["wait_p99_s"], second["wait_p99_s"]) == (100 / SECOND, 200 / SECOND)
    assert (whole["wait_p50_s"], whole["wait_p95_s"]) == (100 / SECOND, 200 / SECOND)


def test_sample_percentiles_come_from_the_phases_of_the_unit(measured):
    plan, tables, _ = measured
    phases = tables["phases"]
    numbers = {int(p["epoch"]): int(p["phase"]) for p in phases if p["epoch"]}
    rows = campaigns.rows(
        "latency",
        (0, numbers[1], "sample", 0, 50, 10),
        (1, numbers[1], "sample", 0, 60, 10),
        (0, numbers[2], "sample", 0, 90, 80),
        (0, numbers[2], "read", 0, 99, 80),
    )
    whole, first, second = measurement.units(plan, {**tables, "latency": rows})
    assert (first["sample_p50_s"], first["sample_p95_s"]) == (50e-9, 60e-9)
    assert (second["sample_p50_s"], whole["sample_p50_s"]) == (90e-9, 90e-9)


def cpu(*looks):
    """Looks at node 0: time, busy (user) and idle ticks."""
    rows = np.zeros(len(looks), dtype=BY_NAME["cpu"].dtype)
    for row, (at, user, idle) in zip(rows, looks, strict=True):
        row["sampled_at_ns"], row["user_ticks"], row["idle_ticks"] = at, user, idle
    return rows


def edges(tables, epoch):
    own = tables["phases"][tables["phases"]["epoch"] == epoch]
    return int(own["start_ns"].min()), int(own["end_ns"].max())


def test_host_cpu_is_taken_from_the_looks_just_outside_of_each_epoch(measured):
    plan, tables, _ = measured
    (a, b), (c, d) = edges(tables, 1), edges(tables, 2)
    assert a < b <= c < d
    looks = cpu(
        (a - 2, 0, 0), (a, 10, 10), (b, 40, 20), (c, 100, 100), (d + 5, 110, 130)
    )
    own = {**tables, "cpu": looks}
    whole, first, second = measurement.units(plan, own)
    if b == c:
        pytest.skip("the epochs touch: the looks at their edges are the same")
    assert first["host_cpu_percent"] == 100 * 30 / 40
    assert second["host_cpu_percent"] == 100 * 10 / 40
    assert whole["host_cpu_percent"] == 100 * 40 / 80


def test_host_cpu_that_was_not_recorded_is_none(measured):
    plan, tables, _ = measured
    (a, _), (_, d) = edges(tables, 1), edges(tables, 2)
    for looks in (
        cpu(),
        cpu((a, 1, 1)),
        cpu((d, 1, 1)),
        cpu((a, 1, 1), (d, 2, ABSENT)),
        cpu((a, 1, 1), (d, 1, 1)),
    ):
        whole, *_ = measurement.units(plan, {**tables, "cpu": looks})
        assert whole["host_cpu_percent"] is None


def test_plans_of_the_fixture_are_those_of_the_campaign(measured):
    plan, tables, summary = measured
    assert summary["plan_digest"] == plans.frozen(plan).digest
    assert len(tables["ranks"]) == 2
