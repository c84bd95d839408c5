"""Arithmetic on counts by score: exact fractions in, one rounding out; no storage, no clock.

Counts are a sequence in which index i counts the score `scale_min + i`. Results are `None` without answers.
"""

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, zip_longest


def total(counts: Sequence[int]) -> int:
    """The number of answers."""
    return sum(counts)


def add(a: Sequence[int], b: Sequence[int]) -> list[int]:
    """The counts of both together, as long as the longer one. Periods and series of one survey type are pooled so."""
    return [left + right for left, right in zip_longest(a, b, fillvalue=0)]


def mean(counts: Sequence[int], scale_min: int) -> Fraction | None:
    """The arithmetic mean in points of the scale: C53's average, F82's CES."""
    answers = sum(counts)
    if not answers:
        return None
    return Fraction(sum(score * count for score, count in enumerate(counts, scale_min)), answers)


def median(counts: Sequence[int], scale_min: int) -> Fraction | None:
    """The middle score in points of the scale; for an even number of answers the mean of the middle two (C53)."""
    answers = sum(counts)
    if not answers:
        return None
    cumulative = list(accumulate(counts))
    lower, upper = (bisect_right(cumulative, rank) for rank in ((answers - 1) // 2, answers // 2))
    return scale_min + Fraction(lower + upper, 2)


def share(counts: Sequence[int], scale_min: int, low: int, high: int) -> Fraction | None:
    """The share of answers from `low` to `high`, ends included, as 0 to 1: C53's `pm_rating`, F81's CSAT."""
    answers = sum(counts)
    if not answers:
        return None
    return Fraction(sum(counts[max(low - scale_min, 0) : max(high - scale_min + 1, 0)]), answers)


def nps(counts: Sequence[int], scale_min: int = 0) -> Fraction | None:
    """Share of promoters (9-10) minus share of detractors (0-6), in points from -100 to 100 (F80)."""
    promoters, detractors = share(counts, scale_min, 9, 10), share(counts, scale_min, 0, 6)
    return None if promoters is None or detractors is None else 100 * (promoters - detractors)


def half_up(value: Fraction, places: int) -> float:
    """Rounds to `places` decimals, exact ties away from zero: 2.125 is 2.13, -33.335 is -33.34 (C53, F83)."""
    scale: int = 10**places
    return half_up_int(value * scale) / scale  # dividing whole numbers gives the float nearest to the decimal


def half_up_int(value: Fraction) -> int:
    """Rounds to a whole number, exact ties away from zero: 2.5 is 3 (C50)."""
    away = int(abs(value) + Fraction(1, 2))
    return away if value >= 0 else -away
