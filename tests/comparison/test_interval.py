"""Welch's interval against published tables, closed forms and its own promise."""

import random
from math import atan, pi, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.comparison.interval import t_quantile, welch

# Two-sided 95 % and 99 % points of Student's t: NIST/SEMATECH e-Handbook 1.3.6.7.2.
TABLE = [
    (0.95, 1, 12.706),
    (0.95, 2, 4.303),
    (0.95, 3, 3.182),
    (0.95, 4, 2.776),
    (0.95, 5, 2.571),
    (0.95, 8, 2.306),
    (0.95, 10, 2.228),
    (0.95, 15, 2.131),
    (0.95, 30, 2.042),
    (0.95, 60, 2.000),
    (0.95, 100, 1.984),
    (0.95, 1e7, 1.960),
    (0.99, 1, 63.657),
    (0.99, 5, 4.032),
    (0.99, 30, 2.750),
]


@pytest.mark.parametrize(("confidence", "freedom", "t"), TABLE)
def test_the_quantile_is_that_of_the_table(confidence, freedom, t):
    assert t_quantile(confidence, freedom) == pytest.approx(t, abs=0.0005)


@given(st.floats(0.5, 0.999))
def test_the_quantile_has_closed_forms_for_one_and_two_degrees(confidence):
    t = t_quantile(confidence, 1)
    assert 2 * atan(t) / pi == pytest.approx(confidence, abs=1e-12)
    t = t_quantile(confidence, 2)
    assert t / sqrt(2 + t * t) == pytest.approx(confidence, abs=1e-12)


@given(st.floats(1, 200), st.floats(1.001, 2))
def test_more_degrees_of_freedom_make_it_narrower(freedom, factor):
    assert t_quantile(0.95, freedom * factor) < t_quantile(0.95, freedom)


def test_an_example_by_hand():
    """Means 2 and 5; s2/n 1/3 and 4/3; 2.94 degrees of freedom."""
    interval = welch([1, 2, 3], [3, 5, 7])
    freedom = (5 / 3) ** 2 / ((1 / 3) ** 2 / 2 + (4 / 3) ** 2 / 2)
    assert freedom == pytest.approx(2.941, abs=0.001)
    half = 3.2202 * sqrt(5 / 3)
    assert interval.low == pytest.approx(3 - half, abs=0.01)
    assert interval.high == pytest.approx(3 + half, abs=0.01)
    assert not interval.excludes_zero


VALUES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=6)


@given(VALUES, VALUES)
def test_sides_exchanged_turn_the_interval_around(old, new):
    there, back = welch(old, new), welch(new, old)
    assert (there is None) == (back is None)
    if there is not None:
        assert there.low == pytest.approx(-back.high)
        assert there.high == pytest.approx(-back.low)
        assert there.low <= there.high


@pytest.mark.parametrize("scale", [1e-150, 1e-9, 1e9, 1e150])
def test_the_unit_of_the_values_does_not_matter(scale):
    one = welch([1, 2, 3], [3, 5, 7.5])
    other = welch([scale, 2 * scale, 3 * scale], [3 * scale, 5 * scale, 7.5 * scale])
    assert other.low / scale == pytest.approx(one.low)
    assert other.high / scale == pytest.approx(one.high)


def test_without_spread_there_is_no_interval():
    assert welch([1, 1], [2, 2]) is None
    assert welch([1, 1], [2, 2], resolution=0.1) is None
    assert welch([1, 1, 1], [2, 2.1, 2.05]) is not None


def test_the_interval_is_widened_by_what_values_were_rounded_to():
    plain, wide = welch([1, 2], [5, 6]), welch([1, 2], [5, 6], resolution=0.25)
    assert wide.low == pytest.approx(plain.low - 0.25)
    assert wide.high == pytest.approx(plain.high + 0.25)


@pytest.mark.parametrize(
    ("n_old", "n_new", "spread"), [(3, 3, 1), (5, 5, 4), (2, 6, 3)]
)
def test_it_holds_the_true_difference_as_often_as_it_says(n_old, n_new, spread):
    """95 % of 600 tries, but for what chance does to 600 tries (and Welch to n=2)."""
    dice = random.Random(7)
    held = 0
    for _ in range(600):
        old = [dice.gauss(10, 1) for _ in range(n_old)]
        new = [dice.gauss(12, spread) for _ in range(n_new)]
        interval = welch(old, new)
        held += interval.low <= 2 <= interval.high
    assert 0.93 <= held / 600 <= 0.985
