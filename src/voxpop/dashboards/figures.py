"""Rounded figures of counts: a score with its interval, a change with its verdict. Changes nothing."""

from collections.abc import Sequence
from fractions import Fraction

from msgspec.structs import asdict

from voxpop.dashboards.models import Change, Figures, Funnel, Point, ScoredType, Total
from voxpop.metrics import formulas, scores
from voxpop.metrics.formulas import Comparison, Measure
from voxpop.metrics.models import SurveySteps
from voxpop.metrics.periods import Period
from voxpop.metrics.scores import Interval, Share


def figures_of(measure: Measure, counts: Sequence[int], minimum: int) -> Figures:
    """Null scores below the minimum number of answers."""
    responses = sum(counts)
    if responses < minimum:
        return Figures(responses)
    interval = formulas.interval(measure, counts)
    return Figures(responses, rounded(formulas.exact_score(measure, counts)), _low(interval), _high(interval))


def total_of(measure: Measure, counts: Sequence[int], minimum: int) -> Total:
    """The figures of a period with its mean, median and distribution."""
    found = figures_of(measure, counts, minimum)
    shown = found.responses >= minimum
    return Total(
        **asdict(found),
        mean=rounded(scores.mean(counts, measure.scale_min)) if shown else None,
        median=rounded(scores.median(counts, measure.scale_min)) if shown else None,
        distribution=scores.distribution(counts, measure.scale_min, measure.scale_max),
    )


def point_of(figures: Figures, whole: Period, *, complete: bool) -> Point:
    """The point of a chart for a whole day, week, month or quarter."""
    return Point(whole.first, figures.responses, figures.score, figures.low, figures.high, complete)


def change_of(survey_type: ScoredType, comparison: Comparison) -> Change:
    """A comparison, rounded."""
    return Change(
        rounded(comparison.difference),
        _low(comparison.interval),
        _high(comparison.interval),
        comparison.verdict,
        survey_type.higher_is_better,
    )


def funnel_of(steps: SurveySteps, minimum: int) -> Funnel:
    """The response rate is null if fewer surveys than the minimum are its base."""
    base = max(steps.opened, steps.completed)
    rate = scores.response_rate(steps.opened, steps.completed) if base >= minimum else None
    interval = None if rate is None else scores.wilson(Share(steps.completed, base))
    return Funnel(
        **asdict(steps),
        response_rate=rounded(rate),
        low=None if interval is None else rounded(Fraction(100 * interval.low)),
        high=None if interval is None else rounded(Fraction(100 * interval.high)),
    )


def rounded(value: Fraction | None) -> float | None:
    """Two decimals, ties away from zero."""
    return None if value is None else scores.half_up(value, 2)


def _low(interval: Interval | None) -> float | None:
    return None if interval is None else rounded(Fraction(interval.low))


def _high(interval: Interval | None) -> float | None:
    return None if interval is None else rounded(Fraction(interval.high))
