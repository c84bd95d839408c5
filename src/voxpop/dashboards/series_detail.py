"""One series over a period: its total, points, comparison and funnel. Changes nothing."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from voxpop.dashboards import series_store as store
from voxpop.dashboards.dates import MAX_POINTS, bucket, buckets, count_buckets
from voxpop.dashboards.figures import change_of, figures_of, funnel_of, point_of, total_of
from voxpop.dashboards.models import (
    DetailQuery,
    Earlier,
    Funnel,
    Kind,
    NamedSeries,
    Point,
    ScoredType,
    SeriesDetail,
    SeriesKey,
)
from voxpop.dashboards.series_store import SeriesNameRow
from voxpop.dashboards.viewer import Viewer
from voxpop.db.pool import Tx
from voxpop.errors import Invalid, NotFound
from voxpop.metrics import formulas, scores
from voxpop.metrics import service as metrics
from voxpop.metrics.models import PeriodCounts
from voxpop.metrics.periods import Period
from voxpop.surveys.models import FEATURE_SURVEY_TYPE
from voxpop.tickets.models import SURVEY_TYPE as TICKET_SURVEY_TYPE

FEATURE_KINDS = (Kind.PRODUCT, Kind.FEATURE, Kind.FEATURE_PROMPTED, Kind.FEATURE_VOLUNTARY)
TICKET_KINDS = (Kind.TICKETS, Kind.AGENT, Kind.TAG)


async def get_series(tx: Tx, viewer: Viewer, query: DetailQuery) -> SeriesDetail:
    """NotFound for a series that is unknown or hidden from the viewer; Invalid for too many points."""
    row = await find_series(tx, viewer, query.key)
    survey_type = await choose_type(tx, viewer, row, query)
    wholes = _wholes(viewer, query)
    counts = await _list_counts(tx, viewer, query, survey_type)
    later = metrics.pool_counts(counts)
    return SeriesDetail(
        NamedSeries(query.key.kind, query.key.id, row.name or ""),
        survey_type,
        query.period,
        total_of(survey_type.measure, later, viewer.minimum),
        _points(viewer, query, survey_type, wholes, counts),
        await _compare(tx, viewer, query, survey_type, later),
        await _funnel(tx, viewer, query),
    )


async def list_points(tx: Tx, viewer: Viewer, query: DetailQuery, survey_type: ScoredType) -> list[Point]:
    """The points alone, of a series that the viewer may see."""
    counts = await _list_counts(tx, viewer, query, survey_type)
    return _points(viewer, query, survey_type, _wholes(viewer, query), counts)


async def choose_type(tx: Tx, viewer: Viewer, row: SeriesNameRow, query: DetailQuery) -> ScoredType:
    """The type of the query, or else the only one that the series has; Invalid if it has several."""
    if query.survey_type is not None:
        return viewer.survey_type(query.survey_type)
    rated = await metrics.list_rated_types(tx, viewer.workspace, query.key.series)
    if len(rated) > 1:
        raise Invalid.of("query", "survey_type", f"is required, because the series has ratings of {', '.join(rated)}")
    code = rated[0] if rated else _default_type(row)
    if code is None:
        raise Invalid.of("query", "survey_type", f"is required: one of {', '.join(viewer.types)}")
    return viewer.survey_type(code)


async def list_type_codes(tx: Tx, viewer: Viewer, row: SeriesNameRow, key: SeriesKey) -> Sequence[str]:
    """The survey types of the series' ratings; without ratings those that it can have."""
    rated = await metrics.list_rated_types(tx, viewer.workspace, key.series)
    default = _default_type(row)
    return rated or ([default] if default else list(viewer.types))


async def find_series(tx: Tx, viewer: Viewer, key: SeriesKey) -> SeriesNameRow:
    """NotFound for a series that is unknown or hidden from the viewer."""
    row = await store.find_series(tx, viewer.workspace, key) if viewer.may_see(key) else None
    if row is None:
        raise NotFound.of("Series", key.id)
    return row


def _default_type(row: SeriesNameRow) -> str | None:
    """The type of a series without ratings; None for the workspace, which has no type of its own."""
    kind = Kind(row.kind)
    if kind in FEATURE_KINDS:
        return FEATURE_SURVEY_TYPE
    return TICKET_SURVEY_TYPE if kind in TICKET_KINDS else row.survey_type


def _wholes(viewer: Viewer, query: DetailQuery) -> list[Period]:
    first_weekday = viewer.settings.week_start.weekday
    count = count_buckets(query.grain, query.period, first_weekday)
    if count > MAX_POINTS:
        raise Invalid.of("query", "grain", f"gives {count} points; at most {MAX_POINTS} are shown")
    return list(buckets(query.grain, query.period, first_weekday))


async def _list_counts(tx: Tx, viewer: Viewer, query: DetailQuery, survey_type: ScoredType) -> Sequence[PeriodCounts]:
    read = metrics.list_months_and_days if query.grain.has_whole_months else metrics.list_days
    return await read(tx, viewer.workspace, query.key.series, survey_type.code, query.period)


def _points(
    viewer: Viewer,
    query: DetailQuery,
    survey_type: ScoredType,
    wholes: Iterable[Period],
    counts: Iterable[PeriodCounts],
) -> list[Point]:
    by_bucket: dict[Period, Sequence[int]] = defaultdict(list)
    for each in counts:
        whole = bucket(query.grain, each.date, viewer.settings.week_start.weekday)
        by_bucket[whole] = scores.add(by_bucket[whole], each.counts)
    return [
        point_of(
            figures_of(survey_type.measure, by_bucket[whole], viewer.minimum),
            whole,
            complete=query.period.first <= whole.first
            and whole.last <= query.period.last
            and not whole.first <= viewer.today <= whole.last,
        )
        for whole in wholes
    ]


async def _compare(
    tx: Tx, viewer: Viewer, query: DetailQuery, survey_type: ScoredType, later: Sequence[int]
) -> Earlier | None:
    period = query.compare.earlier(query.period)
    if period is None:
        return None
    months = await metrics.list_months_and_days(tx, viewer.workspace, query.key.series, survey_type.code, period)
    earlier = metrics.pool_counts(months)
    comparison = formulas.compare(survey_type.measure, earlier, later, viewer.minimum)
    return Earlier(period, figures_of(survey_type.measure, earlier, viewer.minimum), change_of(survey_type, comparison))


async def _funnel(tx: Tx, viewer: Viewer, query: DetailQuery) -> Funnel | None:
    if not query.key.kind.counts_surveys:
        return None
    steps = await metrics.count_survey_steps(tx, viewer.workspace, query.key.series, query.period)
    return funnel_of(steps, viewer.minimum)
