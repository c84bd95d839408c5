"""The request and response structs of the metrics API, with their examples."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self

from msgspec import Meta, Struct

from voxpop.metrics.live import summarise
from voxpop.metrics.models import DailyMetric, MetricsCriteria
from voxpop.types import CampaignId

SurveyTypeCode = Annotated[str, Meta(description="The code of a survey type; blank counts as none", examples=["NPS"])]
DateFrom = Annotated[date, Meta(description="The first day, in the workspace's zone", examples=["2026-11-01"])]
DateTo = Annotated[date, Meta(description="The last day, included", examples=["2026-11-30"])]
CampaignFilter = Annotated[CampaignId, Meta(description="Only this campaign, deleted or not")]
Count = Annotated[int, Meta(examples=[150])]


class MetricsFilter(Struct, frozen=True, rename="camel"):
    """Which metrics to return. A missing or null field is no criterion; an empty object returns all."""

    campaign_id: CampaignFilter | None = None
    type: SurveyTypeCode | None = None
    date_from: DateFrom | None = None
    date_to: DateTo | None = None

    @property
    def criteria(self) -> MetricsCriteria:
        return MetricsCriteria(self.campaign_id, (self.type or "").strip() or None, self.date_from, self.date_to)


class MetricOut(Struct, frozen=True, rename="camel"):
    """The metrics of a campaign on one day. The last three are null for other types than NPS."""

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
    def of(cls, metric: DailyMetric) -> Self:
        return cls(
            metric.campaign_id,
            metric.campaign_name,
            metric.date,
            metric.survey_type_code,
            metric.total_responses,
            metric.score_value,
            metric.promoters,
            metric.passives,
            metric.detractors,
        )


class SummaryOut(Struct, frozen=True, rename="camel"):
    """All returned metrics together. The period is the requested one, or the first and last day with responses."""

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
    """Days with responses, newest first, and their summary."""

    metrics: list[MetricOut]
    summary: SummaryOut

    @classmethod
    def of(cls, metrics: Sequence[DailyMetric], criteria: MetricsCriteria) -> Self:
        summary = summarise(metrics, criteria)
        return cls(
            [MetricOut.of(metric) for metric in metrics],
            SummaryOut(summary.total_responses, summary.average_score, summary.period_from, summary.period_to),
        )
