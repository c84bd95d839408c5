"""The response structs of a feature's analytics, with their examples."""

from fractions import Fraction
from typing import Annotated, Self

from msgspec import Meta, Struct

from voxpop.features.analytics.service import MonthFigures, QuarterFigures, RatingSummary, Usage
from voxpop.metrics.scores import half_up_int

Count = Annotated[int, Meta(examples=[120])]
Mean = Annotated[float, Meta(description="Two decimals, exact ties up", examples=[7.84])]
Median = Annotated[float, Meta(description="Of an even number the mean of the middle two", examples=[8.0])]
Share = Annotated[float, Meta(description="Share of ratings above 5, from 0 to 1, two decimals", examples=[0.87])]


class UsageFigures(Struct, frozen=True):
    users_with_interactions: Count
    avg_total_interactions: Annotated[int, Meta(description="Rounded half up", examples=[7])]
    max_total_interactions: Annotated[int, Meta(examples=[42])]
    users_rejection_exhausted: Annotated[int, Meta(examples=[3])]


class UsageOut(Struct, frozen=True):
    summary: UsageFigures

    @classmethod
    def of(cls, usage: Usage) -> Self:
        totals = usage.totals
        mean = _mean(totals.total_sum, totals.user_count)
        return cls(UsageFigures(totals.user_count, mean, totals.total_max, usage.exhausted_users))


class RatingFigures(Struct, frozen=True):
    total_feedbacks: Count
    average_rating: Mean
    median_rating: Median
    pm_rating: Share
    prompted_count: Annotated[int, Meta(examples=[90])]
    voluntary_count: Annotated[int, Meta(examples=[30])]


class SummaryOut(Struct, frozen=True):
    summary: RatingFigures

    @classmethod
    def of(cls, summary: RatingSummary) -> Self:
        figures = summary.figures
        return cls(
            RatingFigures(
                figures.count, figures.mean, figures.median, figures.satisfied, summary.prompted, summary.voluntary
            )
        )


class MonthOut(Struct, frozen=True):
    year: Annotated[int, Meta(examples=[2026])]
    month: Annotated[int, Meta(examples=[11])]
    feedback_count: Count
    average_rating: Mean
    median_rating: Median
    pm_rating: Share

    @classmethod
    def of(cls, period: MonthFigures) -> Self:
        figures = period.figures
        return cls(period.year, period.month, figures.count, figures.mean, figures.median, figures.satisfied)


class QuarterOut(Struct, frozen=True):
    year: Annotated[int, Meta(examples=[2026])]
    quarter: Annotated[int, Meta(examples=[4])]
    feedback_count: Count
    average_rating: Mean
    median_rating: Median
    pm_rating: Share

    @classmethod
    def of(cls, period: QuarterFigures) -> Self:
        figures = period.figures
        return cls(period.year, period.quarter, figures.count, figures.mean, figures.median, figures.satisfied)


class TimeSeriesOut(Struct, frozen=True):
    """Periods with ratings only, newest first. Days are those of the workspace's time zone."""

    monthly: list[MonthOut]
    quarterly: list[QuarterOut]


def _mean(total: int, users: int) -> int:
    return half_up_int(Fraction(total, users)) if users else 0
