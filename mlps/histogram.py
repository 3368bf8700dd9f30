"""Log-linear latency buckets: integers in, exact merge by addition.

128 linear sub-buckets per power of two make a bucket at most 1/128 = 0.8 % wide.
Bucket b of value v (ns): v itself below 256, else 128 * e + (v >> e) with
e = bit_length(v) - 8. Two histograms merge by adding counts, bit for bit.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

_LINEAR = 256
_SUB = 128
_SUB_BITS = 8

IntArray = npt.NDArray[np.int64]


def bucket_of(value_ns: IntArray) -> IntArray:
    """Bucket numbers of non-negative durations; negative ones raise ValueError."""
    values = np.asarray(value_ns, dtype=np.int64)
    if values.size and int(values.min()) < 0:
        raise ValueError(f"a duration is negative: {int(values.min())} ns")
    exponent = np.zeros_like(values)
    rest = values >> _SUB_BITS
    while rest.any():
        exponent += rest > 0
        rest >>= 1
    return exponent * _SUB + (values >> exponent)


def lower_ns(bucket: int) -> int:
    """Smallest duration of a bucket."""
    if bucket < _LINEAR:
        return bucket
    exponent = bucket // _SUB - 1
    return (bucket - exponent * _SUB) << exponent


def upper_ns(bucket: int) -> int:
    """Largest duration of a bucket."""
    return lower_ns(bucket + 1) - 1


def percentile_ns(counts: Mapping[int, int], percent: float) -> int | None:
    """Upper edge of the bucket that holds the percentile; None without values."""
    total = sum(counts.values())
    if total == 0:
        return None
    wanted = -(-total * percent // 100)
    seen = 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if seen >= max(wanted, 1):
            return upper_ns(bucket)
    return None


def merge(bucket: IntArray, count: IntArray) -> dict[int, int]:
    """Merge bucket/count rows of any ranks and intervals into one histogram."""
    unique, position = np.unique(bucket, return_inverse=True)
    totals = np.zeros(unique.size, dtype=np.int64)
    np.add.at(totals, position, count)
    return dict(zip(unique.tolist(), totals.tolist(), strict=True))
