"""Latency histograms: exact merging, narrow buckets, percentiles within 0.8 %."""

from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlps import histogram

WIDTH = 1 / 128
durations = st.one_of(st.integers(0, 300), st.integers(0, 10**9), st.integers(0, 2**62))
samples = st.lists(durations, min_size=1, max_size=200)


def counted(values: list[int]) -> dict[int, int]:
    buckets = histogram.bucket_of(np.array(values, dtype=np.int64))
    return histogram.merge(buckets, np.ones(len(values), dtype=np.int64))


@given(durations)
def test_a_value_lies_in_its_bucket(value):
    (bucket,) = histogram.bucket_of(np.array([value])).tolist()
    low, high = histogram.lower_ns(bucket), histogram.upper_ns(bucket)
    assert low <= value <= high
    assert high - low <= WIDTH * max(low, 1)


@given(st.integers(0, 6000))
def test_buckets_touch_and_never_overlap(bucket):
    assert histogram.upper_ns(bucket) + 1 == histogram.lower_ns(bucket + 1)
    edges = np.array([histogram.lower_ns(bucket), histogram.upper_ns(bucket)])
    assert histogram.bucket_of(edges).tolist() == [bucket, bucket]


@given(samples, st.data())
def test_merged_parts_equal_the_whole(values, data):
    cut = data.draw(st.integers(0, len(values)))
    parts = [counted(part) for part in (values[:cut], values[cut:]) if part]
    buckets = np.array([b for part in parts for b in part], dtype=np.int64)
    counts = np.array([c for part in parts for c in part.values()], dtype=np.int64)
    assert histogram.merge(buckets, counts) == counted(values)


@given(samples, st.integers(1, 100))
def test_a_percentile_is_within_a_bucket_of_the_exact_one(values, percent):
    exact = sorted(values)[max(ceil(len(values) * percent / 100), 1) - 1]
    found = histogram.percentile_ns(counted(values), percent)
    assert exact <= found <= exact * (1 + WIDTH) + 1


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=300))
def test_percentiles_agree_with_numpy(values):
    counts = counted(values)
    for percent in (50, 95, 99, 100):
        wanted = np.percentile(values, percent, method="inverted_cdf")
        found = histogram.percentile_ns(counts, percent)
        assert wanted <= found <= wanted * 1.008 + 1


def test_no_values_have_no_percentile():
    assert histogram.percentile_ns({}, 50) is None


def test_a_negative_duration_is_refused():
    with pytest.raises(ValueError, match="-5 ns"):
        histogram.bucket_of(np.array([3, -5]))
