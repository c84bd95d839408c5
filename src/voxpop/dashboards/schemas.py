"""The response structs of series in the API."""

from datetime import date
from typing import Annotated, Self

from msgspec import Meta, Struct, field
from msgspec.structs import asdict, astuple

from voxpop.dashboards.models import (
    Difference,
    Earlier,
    Funnel,
    High,
    Low,
    NamedSeries,
    Point,
    Responses,
    Score,
    SeriesDetail,
    SeriesRow,
    Total,
    TypeCode,
)
from voxpop.db.csv_sql import CsvFormat
from voxpop.metrics.formulas import Formula, Verdict
from voxpop.metrics.periods import Period
from voxpop.web.csv_lines import csv_text

ROW_COLUMNS = (
    "kind", "id", "name", "survey_type", "responses", "score", "low", "high",
    "difference", "difference_low", "difference_high", "verdict", "is_better", "contribution",
)  # fmt: skip
POINT_COLUMNS = ("date", "responses", "score", "low", "high", "complete")


class PeriodOut(Struct, frozen=True):
    """The first and the last day of a period, both included."""

    first: date = field(name="from")
    last: date = field(name="to")

    @classmethod
    def of(cls, period: Period) -> Self:
        return cls(period.first, period.last)


class ComparisonOut(Struct, frozen=True):
    """The earlier period, and the change since. The difference is null with too few answers."""

    period: PeriodOut
    responses: Responses
    score: Score | None
    low: Low | None
    high: High | None
    difference: Difference | None
    difference_low: Low | None
    difference_high: High | None
    verdict: Verdict
    is_better: Annotated[bool, Meta(description="Whether `up` is good for the survey type")]

    @classmethod
    def of(cls, earlier: Earlier) -> Self:
        change = earlier.change
        return cls(
            PeriodOut.of(earlier.period),
            **asdict(earlier.figures),
            difference=change.difference,
            difference_low=change.low,
            difference_high=change.high,
            verdict=change.verdict,
            is_better=change.is_better,
        )


class SeriesOut(Struct, frozen=True):
    """One series over a period. The funnel is null for series whose surveys are not counted."""

    series: NamedSeries
    survey_type: TypeCode
    scale_min: Annotated[int, Meta(examples=[0])]
    scale_max: Annotated[int, Meta(examples=[10])]
    formula: Formula
    period: PeriodOut
    total: Total
    points: list[Point]
    comparison: ComparisonOut | None
    funnel: Funnel | None

    @classmethod
    def of(cls, detail: SeriesDetail) -> Self:
        measure = detail.survey_type.measure
        return cls(
            detail.series,
            detail.survey_type.code,
            measure.scale_min,
            measure.scale_max,
            measure.formula,
            PeriodOut.of(detail.period),
            detail.total,
            list(detail.points),
            ComparisonOut.of(detail.comparison) if detail.comparison else None,
            detail.funnel,
        )


def rows_as_csv(rows: list[SeriesRow], file_format: CsvFormat) -> str:
    """A list of series as CSV, one line for each."""
    return csv_text(ROW_COLUMNS, map(row_cells, rows), file_format)


def points_as_csv(detail: SeriesDetail, file_format: CsvFormat) -> str:
    """The points of a series as CSV, one line for each."""
    return csv_text(POINT_COLUMNS, map(astuple, detail.points), file_format)


def row_cells(row: SeriesRow) -> list[object]:
    """The cells of ROW_COLUMNS."""
    *cells, change, contribution = astuple(row)
    return [*cells, *(astuple(change) if change else [None] * 5), contribution]
