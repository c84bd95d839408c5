"""Statistics on counts by score: exact fractions in, one rounding out; no storage, no clock.

Counts are a sequence in which index i counts the score `scale_min + i`. Results are `None` without answers.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, zip_longest
from typing import Annotated

from msgspec import Meta, Struct

from voxpop.metrics.student_t import critical_value, two_sided_tail

ALPHA = 0.05
Z = 1.959964  # the critical value of the normal distribution for ALPHA


class ScoreFrequency(Struct, frozen=True):
    """A score of the scale and the number of its answers."""

    score: Annotated[int, Meta(examples=[9])]
    count: Annotated[int, Meta(examples=[412])]


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


def quantile(counts: Sequence[int], scale_min: int, share_below: Fraction) -> int | None:
    """The lowest score whose cumulative share is at least `share_below` (definition 1 of Hyndman and Fan, 1996)."""
    answers = sum(counts)
    if not answers:
        return None
    cumulative = accumulate(counts)
    return next(score for score, below in enumerate(cumulative, scale_min) if below and below >= share_below * answers)


def distribution(counts: Sequence[int], scale_min: int, scale_max: int) -> list[ScoreFrequency]:
    """Every score of the scale with its number of answers."""
    padded = [*counts, *[0] * (scale_max - scale_min + 1 - len(counts))]
    return [ScoreFrequency(score, count) for score, count in enumerate(padded, scale_min)]


def response_rate(opened: int, completed: int) -> Fraction | None:
    """The answered surveys among the opened ones, in percent; None without any.

    Surveys that were opened before the period can be answered in it, so the answers are the base if they are more.
    """
    base = max(opened, completed)
    return Fraction(100 * completed, base) if base else None


class Interval(Struct, frozen=True):
    """A 95 % confidence interval, unrounded."""

    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0

    def clip(self, low: float, high: float) -> "Interval":
        """The part of the interval within a range."""
        return Interval(min(max(self.low, low), high), min(max(self.high, low), high))


class Share(Struct, frozen=True):
    """A number of answers among all of them."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        return self.part / self.whole


class Estimate(Struct, frozen=True):
    """A mean with the variance of its error. The error has a normal distribution if `degrees` is infinite."""

    value: float
    variance: float
    degrees: float = math.inf


class GroupScore(Struct, frozen=True):
    """The number of answers of a group and their exact score, which is None without answers."""

    answers: int
    score: Fraction | None

    def weighted_score(self, total: int) -> Fraction:
        """The group's part of the score of `total` answers."""
        return Fraction(0) if self.score is None else Fraction(self.answers, total) * self.score


def wilson(share: Share, z: float = Z) -> Interval:
    """Wilson's score interval of a share, 0 to 1 (E. B. Wilson, 1927). It holds for few answers and extreme shares."""
    part, whole = share.part, share.whole
    centre = (part + z * z / 2) / (whole + z * z)
    half = z * math.sqrt(part * (whole - part) / whole + z * z / 4) / (whole + z * z)
    # At the ends the formula gives exactly 0 and 1, apart from errors of rounding.
    return Interval(centre - half if part else 0.0, centre + half if part < whole else 1.0)


def newcombe(earlier: Share, later: Share, z: float = Z) -> Interval:
    """Newcombe's hybrid interval of the later share minus the earlier one (method 10; R. G. Newcombe, 1998)."""
    before, after = earlier.value, later.value
    old, new = wilson(earlier, z), wilson(later, z)
    return Interval(
        after - before - math.hypot(after - new.low, old.high - before),
        after - before + math.hypot(new.high - after, before - old.low),
    )


def newcombe_p(earlier: Share, later: Share) -> float:
    """The level alpha at which Newcombe's interval touches 0, by bisection. The shares must differ."""
    low, high = 0.0, 40.0  # in standard deviations; beyond, alpha is 0
    for _ in range(45):
        middle = (low + high) / 2
        low, high = (middle, high) if newcombe(earlier, later, middle).excludes_zero else (low, middle)
    return math.erfc(low / math.sqrt(2))


def adjusted_nps(promoters: int, detractors: int, answers: int) -> Estimate:
    """The adjusted Wald estimate of NPS, -100 to 100 (B. Rocks, 2016; J. Sauro and J. R. Lewis).

    It adds three answers: 0.75 promoters, 1.5 passives, 0.75 detractors.
    """
    size = answers + 3
    above, below = (promoters + 0.75) / size, (detractors + 0.75) / size
    value = above - below
    return Estimate(100 * value, 10_000 * (above + below - value * value) / size)


def mean_estimate(counts: Sequence[int], scale_min: int, scale_max: int) -> Estimate:
    """The plain mean; its variance has one pseudo-answer at each end of the scale.

    With the plain variance, an interval covers far too little for few answers, and nothing if all are equal.
    """
    answers = sum(counts)
    with_ends = [(score, count) for score, count in enumerate(counts, scale_min)] + [(scale_min, 1), (scale_max, 1)]
    total = sum(score * count for score, count in with_ends)
    squares = sum(score * score * count for score, count in with_ends)
    size = answers + 2
    variance = (squares * size - total * total) / (size * (size - 1))
    return Estimate((total - scale_min - scale_max) / answers, variance / size, size - 1)


def estimate_interval(estimate: Estimate) -> Interval:
    """The interval around an estimate."""
    half = critical_value(ALPHA, estimate.degrees) * math.sqrt(estimate.variance)
    return Interval(estimate.value - half, estimate.value + half)


def estimate_difference(earlier: Estimate, later: Estimate) -> Estimate:
    """The later estimate minus the earlier one, with the degrees of freedom of B. L. Welch (1947)."""
    variance = earlier.variance + later.variance
    by_degrees = earlier.variance**2 / earlier.degrees + later.variance**2 / later.degrees
    return Estimate(later.value - earlier.value, variance, variance**2 / by_degrees if by_degrees else math.inf)


def estimate_p(estimate: Estimate) -> float:
    """The level alpha at which the interval around an estimate touches 0."""
    return two_sided_tail(estimate.value / math.sqrt(estimate.variance), estimate.degrees)


def discoveries(p_values: Sequence[float], q: float) -> list[bool]:
    """Which values stand out, with a share of at most `q` false ones expected (Y. Benjamini and Y. Hochberg, 1995)."""
    ordered = sorted(p_values)
    passing = [p for rank, p in enumerate(ordered, 1) if p <= rank * q / len(ordered)]
    return [bool(passing) and p <= passing[-1] for p in p_values]


def contribution(
    earlier: GroupScore, later: GroupScore, earlier_total: GroupScore, later_total: GroupScore
) -> Fraction | None:
    """How much a group contributes to the change of the total's score; the contributions of all groups add up to it.

    A group contributes by its own score, and by its weight if its score differs from the average of both totals.
    """
    before, after = earlier_total.score, later_total.score
    if before is None or after is None:
        return None
    own = later.weighted_score(later_total.answers) - earlier.weighted_score(earlier_total.answers)
    weight = Fraction(later.answers, later_total.answers) - Fraction(earlier.answers, earlier_total.answers)
    return own - weight * (before + after) / 2
