"""Axes: whatever the values, a few labels in order, all of them on the axis."""

from hypothesis import given
from hypothesis import strategies as st

from rules.report.html import scale
from rules.report.quantity import amount, duration
from rules.report.view import Unit

# Values come from 64-bit counters over at least a nanosecond.
ANY = st.one_of(st.floats(-1e40, 1e40), st.sampled_from([float("nan"), float("inf")]))


def whole(axis: scale.Axis) -> None:
    places = [axis.place(value) for value, _ in axis.ticks]
    assert 1 <= len(places) <= 14
    assert places == sorted(places)
    assert all(0 <= place <= 1 for place in places)
    assert len({label for _, label in axis.ticks}) == len(axis.ticks)


@given(high=ANY, unit=st.sampled_from(Unit), is_end=st.booleans())
def test_linear_axes(high, unit, is_end):
    axis = scale.linear(high, unit, is_end=is_end)
    whole(axis)
    if 0 < high <= 1e40:
        assert axis.high >= high * (1 - 1e-9)


@given(end=ANY)
def test_time_axes(end):
    whole(scale.seconds(end))


@given(values=st.lists(st.floats(1e-9, 1e9), max_size=5))
def test_logarithmic_axes_hold_all_values(values):
    axis = scale.decades(values)
    whole(axis)
    for value in values:
        assert axis.low * (1 - 1e-6) <= value <= axis.high * (1 + 1e-6)


def test_quantities_have_the_unit_that_suits():
    assert amount(3 * 2**30, Unit.BYTES_PER_S) == "3 GiB/s"
    assert amount(1536, Unit.BYTES) == "1.5 KiB"
    assert duration(0.0123) == "12.3 ms"
    assert duration(1e-6) == "1 µs"
