"""The list of campaigns with their scores: filtered, sorted and page by page. Changes nothing."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from voxpop.campaigns import service as campaigns
from voxpop.campaigns.models import Campaign, CampaignFilter, CampaignState, Page
from voxpop.dashboards import series_list
from voxpop.dashboards.models import Compare, Direction, Kind, ListQuery, SeriesRow, SortKey
from voxpop.dashboards.viewer import Viewer
from voxpop.db.pool import Tx
from voxpop.i18n import name_key
from voxpop.metrics.periods import Period
from voxpop.types import Actor

ALL_CAMPAIGNS = Page(limit=None, offset=0)


class CampaignQuery(Struct, frozen=True, kw_only=True):
    """Which campaigns to list, and over which days to show their scores. Without a sort: the newest first."""

    name_part: str
    survey_type: str | None
    state: CampaignState | None
    period: Period
    compare: Compare
    sort: SortKey | None
    direction: Direction


class CampaignRow(Struct, frozen=True):
    """A campaign with its score in the period; None without a rating in either period."""

    campaign: Campaign
    state: CampaignState
    figures: SeriesRow | None


class CampaignList(Struct, frozen=True):
    """The campaigns that match, and how many of each state match the other criteria."""

    rows: Sequence[CampaignRow]
    state_counts: dict[CampaignState, int]


async def list_campaigns(tx: Tx, viewer: Viewer, actor: Actor, query: CampaignQuery, now: datetime) -> CampaignList:
    """All campaigns that match, sorted; deleted ones are left out."""
    criteria = CampaignFilter(name_part=query.name_part or None, type=query.survey_type)
    found = await campaigns.list_campaigns(tx, actor, criteria, ALL_CAMPAIGNS)
    series = await series_list.list_series(tx, viewer, _series_query(query))
    figures = {(row.id, row.survey_type): row for row in series.rows}
    rows = [
        CampaignRow(each, each.state(now), figures.get((each.id, each.survey_type_code)))
        for each in _sorted(found, series.rows, query)
        if each.survey_type_code in viewer.types  # a type can be new since the statement before
    ]
    counts = {state: sum(row.state is state for row in rows) for state in CampaignState}
    return CampaignList([row for row in rows if query.state in (None, row.state)], counts)


def _series_query(query: CampaignQuery) -> ListQuery:
    return ListQuery(
        Kind.CAMPAIGN, None, "", query.period, query.compare, query.sort or SortKey.RESPONSES, query.direction
    )


def _sorted(found: list[Campaign], series: list[SeriesRow], query: CampaignQuery) -> list[Campaign]:
    """By figures in the order of the series, those without any last."""
    if query.sort is None:
        return found
    by_name = sorted(found, key=lambda each: name_key(each.name))
    if query.sort is SortKey.NAME:
        return by_name if query.direction is Direction.ASC else by_name[::-1]
    places = {(row.id, row.survey_type): place for place, row in enumerate(series)}
    return sorted(by_name, key=lambda each: places.get((each.id, each.survey_type_code), len(places)))
