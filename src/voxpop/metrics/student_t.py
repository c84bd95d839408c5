"""Student's t distribution: its two-sided tail and its critical values; pure. Infinite degrees are the normal one."""

import math
from functools import lru_cache
from statistics import NormalDist

NORMAL = NormalDist()
# From here on the series of `_expansion` is exact to seven digits. Below, the tail is inverted by bisection.
MIN_DEGREES_OF_EXPANSION = 30
MAX_TERMS = 100_000
PRECISION = 1e-15
TINY = 1e-300  # stands for a zero denominator in Lentz's method


def two_sided_tail(t: float, degrees: float) -> float:
    """The probability of a value at least as far from 0 as `t` (Abramowitz and Stegun, 26.7.1 and 26.5.27)."""
    if math.isinf(degrees):
        return math.erfc(abs(t) / math.sqrt(2))
    return _incomplete_beta(degrees / (degrees + t * t), degrees / 2)


@lru_cache(maxsize=4096)
def critical_value(alpha: float, degrees: float) -> float:
    """The t whose two-sided tail is `alpha`."""
    z = NORMAL.inv_cdf(1 - alpha / 2)
    if math.isinf(degrees):
        return z
    return _expansion(z, degrees) if degrees >= MIN_DEGREES_OF_EXPANSION else _invert(alpha, degrees)


def _expansion(z: float, degrees: float) -> float:
    """The critical value from the normal one (Abramowitz and Stegun, 26.7.5)."""
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / degrees**power for power, term in enumerate(terms, 1))


def _invert(alpha: float, degrees: float) -> float:
    low, high = 0.0, 1.0
    while two_sided_tail(high, degrees) > alpha:
        high *= 2
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if two_sided_tail(middle, degrees) > alpha else (low, middle)
    return (low + high) / 2


def _incomplete_beta(x: float, a: float) -> float:
    """The regularized incomplete beta function at `x` for `a` and 1/2."""
    b = 0.5
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _continued_fraction(x, a, b) / a
    return 1 - front * _continued_fraction(1 - x, b, a) / b


def _continued_fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function (Abramowitz and Stegun, 26.5.8), by Lentz's method."""
    numerator, denominator = 1.0, 1 / _nonzero(1 - (a + b) * x / (a + 1))
    value = denominator
    for m in range(1, MAX_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for coefficient in (even, odd):
            denominator = 1 / _nonzero(1 + coefficient * denominator)
            numerator = _nonzero(1 + coefficient / numerator)
            value *= numerator * denominator
        if abs(numerator * denominator - 1) < PRECISION:
            break
    return value


def _nonzero(value: float) -> float:
    return value or TINY
