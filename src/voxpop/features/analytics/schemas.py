"""What the analytics of a feature give, as structs with examples."""

from datetime import date
from fractions import Fraction
from typing import Annotated, Self

from msgspec import Meta, Struct

from voxpop.features.analytics.service import Figures, Summary, Usage
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
        sums = usage.sums
        return cls(
            UsageFigures(sums.user_count, _mean(sums.total_sum, sums.user_count), sums.total_max, usage.exhausted)
        )


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
    def of(cls, summary: Summary) -> Self:
        all_ = summary.all
        return cls(
            RatingFigures(all_.count, all_.mean, all_.median, all_.satisfied, summary.prompted, summary.voluntary)
        )


class Month(Struct, frozen=True):
    year: Annotated[int, Meta(examples=[2026])]
    month: Annotated[int, Meta(examples=[11])]
    feedback_count: Count
    average_rating: Mean
    median_rating: Median
    pm_rating: Share

    @classmethod
    def of(cls, period: tuple[int, int], figures: Figures) -> Self:
        return cls(*period, figures.count, figures.mean, figures.median, figures.satisfied)


class Quarter(Struct, frozen=True):
    year: Annotated[int, Meta(examples=[2026])]
    quarter: Annotated[int, Meta(examples=[4])]
    feedback_count: Count
    average_rating: Mean
    median_rating: Median
    pm_rating: Share

    @classmethod
    def of(cls, period: tuple[int, int], figures: Figures) -> Self:
        return cls(*period, figures.count, figures.mean, figures.median, figures.satisfied)


class TimeSeries(Struct, frozen=True):
    """Only periods that have ratings, newest first; days are the workspace's."""

    monthly: list[Month]
    quarterly: list[Quarter]


def month_of(day: date) -> tuple[int, int]:
    return day.year, day.month


def quarter_of(day: date) -> tuple[int, int]:
    return day.year, (day.month + 2) // 3


def _mean(total: int, users: int) -> int:
    return half_up_int(Fraction(total, users)) if users else 0
