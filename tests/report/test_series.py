"""Resampling: bounded, extremes and gaps kept, counters that mean something."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mlps.evidence import ABSENT
from rules.report import series
from rules.report.view import Unit

VALUES = st.one_of(st.just(np.nan), st.floats(-1e12, 1e12))
SAMPLES = st.integers(0, 400).flatmap(lambda n: arrays(np.float64, n, elements=VALUES))


@given(values=SAMPLES, limit=st.integers(3, 200))
def test_thinning_is_bounded_and_keeps_extremes_and_gaps(values, limit):
    keep = series.kept(values, limit)
    assert len(keep) <= max(limit, 0)
    assert (np.diff(keep) > 0).all()
    left = values[keep]
    if (~np.isnan(values)).any():
        assert np.nanmin(left) == np.nanmin(values)
        assert np.nanmax(left) == np.nanmax(values)
    assert np.isnan(left).any() == np.isnan(values).any()


def test_too_few_points_to_keep_extremes_are_refused():
    with pytest.raises(ValueError, match="too few"):
        series.kept(np.zeros(9), 2)


@given(
    values=arrays(np.float64, st.integers(1, 60), elements=st.floats(0, 1e9)),
    edges=st.integers(1, 50),
)
def test_spreading_keeps_the_sum(values, edges):
    starts = np.arange(values.size, dtype=float)
    ends = starts + 1.5
    over = series.spread(
        starts, ends, values, np.linspace(0.0, values.size + 1.0, edges + 1)
    )
    assert over.sum() == pytest.approx(values.sum(), rel=1e-6, abs=1e-3)
    assert (over >= -1e-3).all()


def test_a_step_counts_where_it_lies():
    over = series.spread(
        np.array([0.0, 2.0]),
        np.array([2.0, 4.0]),
        np.array([10.0, 30.0]),
        np.array([0.0, 1.0, 3.0, 5.0]),
    )
    assert over.tolist() == pytest.approx([5.0, 20.0, 15.0])


def test_a_counter_that_falls_or_is_absent_is_a_gap_not_zero():
    raw = np.array([10, 30, 5, 25, ABSENT, 45], dtype=np.uint64)
    middle, rate = series.rates(np.arange(6.0), series.level(raw))
    assert middle.tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert rate[0] == 20.0
    assert rate[2] == 20.0
    assert np.isnan(rate[[1, 3, 4]]).all()


def test_missing_samples_break_the_line():
    time_s = np.array([0.0, 1.0, 2.0, 9.0, 10.0])
    times, values = series.broken(time_s, np.ones(5))
    assert times.tolist() == [0.0, 1.0, 2.0, 5.5, 9.0, 10.0]
    assert np.isnan(values).tolist() == [False, False, False, True, False, False]


def test_looks_at_the_same_moment_make_no_rate_of_their_own():
    time_s = np.array([0.0, 1.0, 1.001, 2.0, 3.0])
    assert series.spaced(time_s).tolist() == [0, 1, 3, 4]
    assert series.spaced(np.zeros(5)).tolist() == [0]


def test_gaps_are_none_in_a_view():
    found = series.series(
        "x", Unit.PERCENT, np.arange(3.0), np.array([1.0, np.nan, np.inf]), 600
    )
    assert found.values == (1.0, None, None)
