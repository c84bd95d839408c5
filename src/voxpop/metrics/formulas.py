"""The score of a survey type's counts by its formula, its interval, and whether it changed; pure."""

from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from voxpop.metrics import scores
from voxpop.metrics.scores import Estimate, Interval, Share

MIN_ANSWERS_TO_COMPARE = 5  # of each side, even where the workspace shows scores of fewer answers
MAX_FALSE_DISCOVERIES = 0.05  # the share of false changes that a list may contain


class Formula(StrEnum):
    """`nps`: promoters minus detractors, -100 to 100. `share`: satisfied answers in percent. `mean`: scale points."""

    NPS = "nps"
    SHARE = "share"
    MEAN = "mean"


class Measure(Struct, frozen=True):
    """The properties of a survey type that its score needs; only `share` has a satisfied range."""

    formula: Formula
    scale_min: int
    scale_max: int
    satisfied_min: int | None = None
    satisfied_max: int | None = None

    @property
    def range(self) -> Interval:
        """The lowest and the highest score of the formula."""
        if self.formula is Formula.MEAN:
            return Interval(self.scale_min, self.scale_max)
        return Interval(0 if self.formula is Formula.SHARE else -100, 100)


class NpsGroups(Struct, frozen=True):
    """The three groups of NPS: 9-10, 7-8, 0-6."""

    promoters: int
    passives: int
    detractors: int


class Verdict(StrEnum):
    """Whether a score changed. `too_few`: there are not enough answers to tell."""

    TOO_FEW = "too_few"
    UP = "up"
    DOWN = "down"
    NO_CLEAR_CHANGE = "no_clear_change"

    @property
    def is_clear(self) -> bool:
        return self in (Verdict.UP, Verdict.DOWN)


class Comparison(Struct, frozen=True):
    """The change of a score: the exact difference and its interval, both None with too few answers.

    `p_value` is that of a clear change, and 1 otherwise.
    """

    verdict: Verdict
    difference: Fraction | None = None
    interval: Interval | None = None
    p_value: float = 1.0


def exact_score(measure: Measure, counts: Sequence[int]) -> Fraction | None:
    """The score in the unit of its formula; None without answers."""
    if measure.formula is Formula.NPS:
        return scores.nps(counts, measure.scale_min)
    if measure.formula is Formula.MEAN:
        return scores.mean(counts, measure.scale_min)
    share = scores.share(counts, measure.scale_min, measure.satisfied_min or 0, measure.satisfied_max or 0)
    return None if share is None else 100 * share


def score(measure: Measure, counts: Sequence[int]) -> float:
    """Two decimals, ties away from zero (F83); 0 without answers (F70)."""
    value = exact_score(measure, counts)
    return 0.0 if value is None else scores.half_up(value, 2)


def nps_groups(measure: Measure, counts: Sequence[int]) -> NpsGroups | None:
    """None for a formula other than NPS (F77)."""
    if measure.formula is not Formula.NPS:
        return None
    within = [*([0] * measure.scale_min), *counts, *([0] * 11)]
    return NpsGroups(sum(within[9:11]), sum(within[7:9]), sum(within[:7]))


def interval(measure: Measure, counts: Sequence[int]) -> Interval | None:
    """The 95 % interval of the score, in its unit and within its range; None without answers."""
    if not any(counts):
        return None
    if measure.formula is Formula.SHARE:
        share = scores.wilson(_satisfied(measure, counts))
        found = Interval(100 * share.low, 100 * share.high)
    else:
        found = scores.estimate_interval(_estimate(measure, counts))
    return found.clip(measure.range.low, measure.range.high)


def compare(measure: Measure, earlier: Sequence[int], later: Sequence[int], minimum: int) -> Comparison:
    """The change from the earlier to the later score. `minimum` is the number of answers that a score needs."""
    if min(sum(earlier), sum(later)) < max(minimum, MIN_ANSWERS_TO_COMPARE):
        return Comparison(Verdict.TOO_FEW)
    before, after = exact_score(measure, earlier), exact_score(measure, later)
    assert before is not None and after is not None  # noqa: S101, PT018 - both have answers
    found = _difference_interval(measure, earlier, later)
    verdict = Verdict.NO_CLEAR_CHANGE
    if found.excludes_zero:
        verdict = Verdict.UP if found.low > 0 else Verdict.DOWN
    width = measure.range.high - measure.range.low
    p_value = _p_value(measure, earlier, later) if verdict.is_clear else 1.0
    return Comparison(verdict, after - before, found.clip(-width, width), p_value)


def confirm(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The comparisons of a list, where the chance of a false change would grow with its length.

    A clear change must also pass Benjamini-Hochberg over all rows with enough answers.
    """
    compared = [each for each in comparisons if each.verdict is not Verdict.TOO_FEW]
    passed = iter(scores.discoveries([each.p_value for each in compared], MAX_FALSE_DISCOVERIES))
    return [each if each.verdict is Verdict.TOO_FEW or next(passed) else _unclear(each) for each in comparisons]


def _unclear(comparison: Comparison) -> Comparison:
    return replace(comparison, verdict=Verdict.NO_CLEAR_CHANGE)


def _difference_interval(measure: Measure, earlier: Sequence[int], later: Sequence[int]) -> Interval:
    if measure.formula is Formula.SHARE:
        share = scores.newcombe(_satisfied(measure, earlier), _satisfied(measure, later))
        return Interval(100 * share.low, 100 * share.high)
    return scores.estimate_interval(_difference(measure, earlier, later))


def _p_value(measure: Measure, earlier: Sequence[int], later: Sequence[int]) -> float:
    if measure.formula is Formula.SHARE:
        return scores.newcombe_p(_satisfied(measure, earlier), _satisfied(measure, later))
    return scores.estimate_p(_difference(measure, earlier, later))


def _difference(measure: Measure, earlier: Sequence[int], later: Sequence[int]) -> Estimate:
    return scores.estimate_difference(_estimate(measure, earlier), _estimate(measure, later))


def _estimate(measure: Measure, counts: Sequence[int]) -> Estimate:
    if groups := nps_groups(measure, counts):
        return scores.adjusted_nps(groups.promoters, groups.detractors, sum(counts))
    return scores.mean_estimate(counts, measure.scale_min, measure.scale_max)


def _satisfied(measure: Measure, counts: Sequence[int]) -> Share:
    """The satisfied answers among all."""
    low, high = measure.satisfied_min or 0, measure.satisfied_max or 0
    satisfied = counts[max(low - measure.scale_min, 0) : max(high - measure.scale_min + 1, 0)]
    return Share(sum(satisfied), sum(counts))
