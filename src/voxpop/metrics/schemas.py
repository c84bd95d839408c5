"""What the metrics API takes and gives, as structs with their examples."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self

from msgspec import Meta, Struct

from voxpop.metrics.daily_store import DailyMetric, Wanted
from voxpop.metrics.live import summarise
from voxpop.types import CampaignId

TypeCode = Annotated[str, Meta(description="The code of a survey type; blank counts as none", examples=["NPS"])]
First = Annotated[date, Meta(description="The first day, in the workspace's zone", examples=["2026-11-01"])]
Last = Annotated[date, Meta(description="The last day, included", examples=["2026-11-30"])]
Campaign = Annotated[CampaignId, Meta(description="Only this campaign, deleted or not")]
Count = Annotated[int, Meta(examples=[150])]


class MetricsFilter(Struct, frozen=True, rename="camel"):
    """Which metrics. What is missing or null is no criterion; an empty object asks for all."""

    campaign_id: Campaign | None = None
    type: TypeCode | None = None
    date_from: First | None = None
    date_to: Last | None = None

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.campaign_id, (self.type or "").strip() or None, self.date_from, self.date_to)


class MetricOut(Struct, frozen=True, rename="camel"):
    """What the answers to a campaign on a day amount to; the last three are null but for NPS."""

    campaign_id: CampaignId
    campaign_name: Annotated[str, Meta(examples=["NPS после заказа"])]
    date: date
    type: Annotated[str, Meta(examples=["NPS"])]
    total_responses: Count
    score_value: Annotated[float, Meta(description="Two decimals, ties away from zero", examples=[53.33])]
    promoters: Annotated[int, Meta(examples=[100])] | None
    passives: Annotated[int, Meta(examples=[30])] | None
    detractors: Annotated[int, Meta(examples=[20])] | None

    @classmethod
    def of(cls, row: DailyMetric) -> Self:
        return cls(
            row.campaign_id,
            row.campaign_name,
            row.date,
            row.survey_type_code,
            row.total_responses,
            row.score_value,
            row.promoters,
            row.passives,
            row.detractors,
        )


class SummaryOut(Struct, frozen=True, rename="camel"):
    """All of the answer together. The days are those asked for, else the first and last that have answers."""

    total_responses: Annotated[int, Meta(examples=[4500])]
    average_score: Annotated[
        float,
        Meta(
            description="The score of all responses together; across survey types, which have no common score, the "
            "mean of the days weighted by their responses. 0 without responses",
            examples=[42.3],
        ),
    ]
    period_from: date | None
    period_to: date | None


class MetricsOut(Struct, frozen=True):
    """Days with responses, newest first, and what they amount to together."""

    metrics: list[MetricOut]
    summary: SummaryOut

    @classmethod
    def of(cls, rows: Sequence[DailyMetric], wanted: Wanted) -> Self:
        summary = summarise(rows, wanted)
        return cls(
            [MetricOut.of(row) for row in rows],
            SummaryOut(summary.total_responses, summary.average_score, summary.period_from, summary.period_to),
        )
