"""What is claimed of two sides, and what is not."""

import pytest

from rules.comparison.contrast import NO_CLAIM, SAME, Units, contrasts
from rules.comparison.metric import METRICS

PERCENTILE = "wait_p99_s"
RATE = "samples_per_s"


def units(key, old, new, name="run", least=2):
    def unit(value):
        return {m.key: value if m.key == key else None for m in METRICS}

    return Units(
        name=name,
        least=least,
        old=tuple(unit(v) for v in old),
        new=tuple(unit(v) for v in new),
    )


def contrast(*args, **kwargs):
    (found,) = contrasts(units(*args, **kwargs))
    return found


@pytest.mark.parametrize(
    ("key", "larger", "smaller"),
    [
        (RATE, "faster", "slower"),
        ("step_s", "slower", "faster"),
        (PERCENTILE, "slower", "faster"),
        ("au_rules_percent", "higher", "lower"),
        ("host_cpu_percent", "higher", "lower"),
    ],
)
def test_a_difference_has_its_word(key, larger, smaller):
    low, high = (1.0, 1.01, 0.99), (2.0, 2.02, 1.98)
    assert contrast(key, low, high).verdict == larger
    assert contrast(key, high, low).verdict == smaller


def test_what_overlaps_is_not_distinguishable():
    found = contrast(RATE, (1.0, 2.0, 3.0), (1.5, 2.5, 3.5))
    assert found.verdict == SAME
    assert found.interval.low < 0.5 < found.interval.high
    assert found.difference == pytest.approx(0.5)
    assert found.relative_percent(found.difference) == pytest.approx(25)


def test_one_number_each_claims_nothing():
    found = contrast(RATE, (1.0,), (9.0,))
    assert (found.interval, found.verdict) == (None, NO_CLAIM)
    assert found.why == "no interval: 1 run"


def test_two_epochs_claim_nothing():
    found = contrast(RATE, (1.0, 1.1, 0.9), (9.0, 9.1), name="epoch", least=3)
    assert (found.interval, found.verdict) == (None, NO_CLAIM)
    assert found.why == "no interval: 2 epochs"


def test_numbers_without_spread_claim_nothing():
    found = contrast(RATE, (1.0, 1.0), (2.0, 2.0))
    assert (found.verdict, found.why) == (NO_CLAIM, "no interval: no spread")
    assert contrast(RATE, (1.0, 1.0), (1.0, 1.0)).verdict == SAME


def test_a_percentile_is_not_told_apart_within_its_bucket():
    """Neighbouring buckets, hardly any spread: rounding, not storage."""
    old, new = (1.000, 1.000, 1.0001), (1.0078, 1.0078, 1.0077)
    assert contrast("step_s", old, new).verdict == "slower"
    assert contrast(PERCENTILE, old, new).verdict == SAME
    assert contrast(PERCENTILE, old, [v + 0.05 for v in new]).verdict == "slower"


def test_a_unit_without_the_number_does_not_count():
    found = contrast(RATE, (1.0, None), (2.0, 2.1))
    assert (len(found.old), found.why) == (1, "no interval: 1 run")
    assert contrasts(units(RATE, (None, None), (None, None))) == ()
    one_sided = contrast(RATE, (None, None), (2.0, 2.1))
    assert (one_sided.difference, one_sided.verdict) == (None, NO_CLAIM)
