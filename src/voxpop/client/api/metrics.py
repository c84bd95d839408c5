"""The section "Metrics" of the API, generated from the OpenAPI document by `make clients`."""

from datetime import date
from typing import TypedDict, Unpack
from uuid import UUID

from msgspec import Struct

from voxpop.client.methods import call
from voxpop.client.shapes import Call


class Metric(Struct, frozen=True, kw_only=True):
    """The metrics of a campaign on one day. The last three are null for other types than NPS."""

    campaignId: UUID
    campaignName: str
    date: date
    type: str
    totalResponses: int
    # Two decimals, ties away from zero
    scoreValue: float
    promoters: int | None
    passives: int | None
    detractors: int | None


class MetricSummary(Struct, frozen=True, kw_only=True):
    """All returned metrics together. The period is the requested one, or the first and last day with responses."""

    totalResponses: int
    # The score of all responses together; across survey types, which have no common score, the mean of the days
    # weighted by their responses. 0 without responses
    averageScore: float
    periodFrom: date | None
    periodTo: date | None


class Metrics(Struct, frozen=True, kw_only=True):
    """Days with responses, newest first, and their summary."""

    metrics: list[Metric]
    summary: MetricSummary


class MetricsFilter(TypedDict, total=False):
    """Which metrics to return. A missing or null field is no criterion; an empty object returns all."""

    # Only this campaign, deleted or not
    campaignId: UUID | str | None
    # The code of a survey type; blank counts as none
    type: str | None
    # The first day, in the workspace's zone
    dateFrom: date | str | None
    # The last day, included
    dateTo: date | str | None


class LiveMetricsQuery(TypedDict, total=False):
    # Only this campaign, deleted or not
    campaignId: UUID | str | None
    # The code of a survey type; blank counts as none
    type: str | None
    # The first day, in the workspace's zone
    dateFrom: date | str | None
    # The last day, included
    dateTo: date | str | None


class MetricsCalls:
    """The calls of this section."""

    @call
    def filter_metrics(self, **body: Unpack[MetricsFilter]) -> Call[Metrics]:
        """Metrics of campaigns by day. As aggregated: a day appears at 00:05 of the next day. Days and campaigns
        without responses are left out. Requires an API key with the scope `read`.
        """
        return Call("POST", "/api/v1/metrics/filter", Metrics, body=body, repeatable=True)

    @call
    def live_metrics(self, **query: Unpack[LiveMetricsQuery]) -> Call[Metrics]:
        """Metrics of campaigns by day, up to this second. The same response as for the aggregated metrics, with today
        included. Requires an API key with the scope `read`.
        """
        return Call("GET", "/api/v1/metrics/live", Metrics, query=query)
