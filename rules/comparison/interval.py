"""Welch's interval of a difference of two means, in plain Python.

B. L. Welch, Biometrika 34 (1947) 28. The t quantile is found by bisection of the
two-sided tail, I_x(df/2, 1/2) with x = df / (df + t^2) (NIST DLMF 8.17), and that
by its continued fraction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, fsum, isfinite, lgamma, log, log1p, sqrt

CONFIDENCE_PERCENT = 95
_TINY = 1e-300
_EXACT = 4e-15
_MOST_TERMS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Where the difference lies with 95 % confidence, in the unit of the values."""

    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the two sides can be told apart."""
        return self.low > 0 or self.high < 0


def welch(
    old: Sequence[float], new: Sequence[float], resolution: float = 0.0
) -> Interval | None:
    """Interval of mean(new) - mean(old); None when the values show no spread.

    Needs two values on each side. `resolution` is what the values were rounded to:
    the interval is widened by it, for equal values may differ that much.
    """
    difference = mean(new) - mean(old)
    parts = [_variance(side) / len(side) for side in (old, new)]
    squared_error = fsum(parts)
    if not squared_error > 0 or not isfinite(squared_error):
        return None
    # Shares, not variances, for their squares neither vanish nor overflow.
    shares = [part / squared_error for part in parts]
    freedom = 1 / fsum(
        share**2 / (len(side) - 1)
        for share, side in zip(shares, (old, new), strict=True)
    )
    half = t_quantile(CONFIDENCE_PERCENT / 100, freedom) * sqrt(squared_error)
    half += resolution
    return Interval(low=difference - half, high=difference + half)


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean, exactly summed."""
    return fsum(values) / len(values)


def t_quantile(confidence: float, freedom: float) -> float:
    """T that |Student's t| exceeds with probability 1 - `confidence`."""
    tail = 1 - confidence
    low, high = 0.0, 1.0
    while _two_sided_tail(high, freedom) > tail:
        high *= 2
    while high - low > _EXACT * high:
        middle = (low + high) / 2
        if _two_sided_tail(middle, freedom) > tail:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _variance(values: Sequence[float]) -> float:
    centre = mean(values)
    return fsum((value - centre) ** 2 for value in values) / (len(values) - 1)


def _two_sided_tail(t: float, freedom: float) -> float:
    squared = t * t
    return _incomplete_beta(
        freedom / (freedom + squared), squared / (freedom + squared), freedom / 2, 0.5
    )


def _incomplete_beta(x: float, rest: float, a: float, b: float) -> float:
    """I_x(a, b); `rest` is 1 - x, given apart so that it does not cancel."""
    if x <= 0 or rest <= 0:
        return float(x > 0)
    # log1p: for thousands of degrees of freedom x is within rounding of 1.
    log_x = log(x) if x < 0.5 else log1p(-rest)
    log_rest = log(rest) if rest < 0.5 else log1p(-x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log_x + b * log_rest)
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(rest, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """Continued fraction DLMF 8.17.22 by the modified method of Lentz."""
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        before = value
        for term in (even, odd):
            d = 1 / _not_zero(1 + term * d)
            c = _not_zero(1 + term / c)
            value *= c * d
        if abs(value - before) <= _EXACT * abs(value):
            return value
    raise ArithmeticError(f"the fraction does not converge at x={x}, a={a}, b={b}")


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
