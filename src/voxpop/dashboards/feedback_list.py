"""What the page of ratings shows: the rows with their subjects, their number, and the rating that is open."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from msgspec import Struct

from voxpop.dashboards import series_store
from voxpop.dashboards import subject_store as store
from voxpop.dashboards.dates import FIRST_DAY
from voxpop.dashboards.feedback_models import RequestedFeedback
from voxpop.dashboards.models import Kind, NamedSeries, SeriesKey
from voxpop.dashboards.subject_store import Subject
from voxpop.dashboards.viewer import Viewer
from voxpop.db.pool import Database, Tx
from voxpop.excerpts import ExcerptPart
from voxpop.feedback import lists
from voxpop.feedback.models import FeedbackFilter, FeedbackItem, RatingDetail
from voxpop.metrics import service as metrics
from voxpop.metrics.periods import Period
from voxpop.types import FeedbackId

COUNT_LIMIT = 1000  # ratings that are counted one by one
COUNTED = {"series", "survey_type", "score_min", "score_max", "first_day", "last_day"}  # known from score counts
ZONE_DAYS = timedelta(days=2)  # a rating of another time zone may count for a day after today


class Count(Struct, frozen=True):
    """A number of ratings; there are more if it is not exact."""

    number: int = 0
    is_exact: bool = True


class RatingList(Struct, frozen=True):
    """One page of ratings. `count` is that of all pages."""

    rows: Sequence[FeedbackItem] = ()
    next_cursor: str | None = None
    subjects: Mapping[FeedbackId, Subject] = {}
    excerpts: Mapping[FeedbackId, Sequence[ExcerptPart]] = {}
    count: Count = Count()

    @property
    def ids(self) -> list[str]:
        return [str(row.id) for row in self.rows]


class OpenRating(Struct, frozen=True):
    """A rating with its subject and the series that it counts under."""

    rating: RatingDetail
    subject: Subject
    series: Sequence[NamedSeries]


async def load_list(
    database: Database, viewer: Viewer, wanted: FeedbackFilter, cursor: str | None, limit: int, count: Count
) -> RatingList:
    """One page of a list whose number of ratings is known. It opens its own transactions."""
    page = await lists.list_feedback(database, viewer.workspace, wanted, cursor, limit)
    async with database.transaction(viewer.workspace) as tx:
        subjects = {each.id: each for each in await store.list_subjects(tx, viewer.workspace, page.rows)}
        excerpts = await lists.find_excerpts(tx, viewer.workspace, page.rows, wanted.text) if wanted.text else {}
    return RatingList(page.rows, page.next_cursor, subjects, excerpts, count)


async def find_rating(tx: Tx, viewer: Viewer, feedback: FeedbackId) -> OpenRating | None:
    """None for an unknown rating."""
    rating = await lists.find_detail(tx, viewer.workspace, feedback)
    if rating is None:
        return None
    (subject,) = await store.list_subjects(tx, viewer.workspace, [rating])
    return OpenRating(rating, subject, await _named_series(tx, viewer, rating))


async def count_ratings(
    database: Database, viewer: Viewer, requested: RequestedFeedback, wanted: FeedbackFilter
) -> Count:
    """The number of ratings that match. Behind a number of a dashboard it is exact, from the same score counts."""
    others = [
        each for each in requested.__struct_fields__ if each not in COUNTED and getattr(requested, each) is not None
    ]
    if others:
        number = await lists.count_feedback(database, viewer.workspace, wanted, COUNT_LIMIT + 1)
        return Count(min(number, COUNT_LIMIT), number <= COUNT_LIMIT)
    async with database.transaction(viewer.workspace) as tx:
        return Count(await _sum_counts(tx, viewer, requested))


async def _sum_counts(tx: Tx, viewer: Viewer, requested: RequestedFeedback) -> int:
    key = requested.series or SeriesKey(Kind.WORKSPACE, viewer.workspace)
    latest = viewer.today + ZONE_DAYS
    period = Period(
        max(requested.first_day or FIRST_DAY, FIRST_DAY),
        min(requested.last_day or latest, latest),
    )
    codes = await metrics.list_rated_types(tx, viewer.workspace, key.series)
    total = 0
    for code in codes if period.first <= period.last else []:
        if requested.survey_type in (None, code):
            counts = await metrics.list_months_and_days(tx, viewer.workspace, key.series, code, period)
            lowest = viewer.types[code].measure.scale_min
            total += sum(
                count
                for score, count in enumerate(metrics.pool_counts(counts), lowest)
                if _is_within(score, requested.score_min, requested.score_max)
            )
    return total


def _is_within(score: int, low: int | None, high: int | None) -> bool:
    return (low is None or score >= low) and (high is None or score <= high)


async def _named_series(tx: Tx, viewer: Viewer, rating: RatingDetail) -> list[NamedSeries]:
    """Those that the viewer may see, besides the workspace and what the rating is about."""
    keys = [
        SeriesKey(Kind(kind), series_id)
        for kind, series_id in zip(rating.series_kinds, rating.series_ids, strict=True)
        if kind in set(Kind) and not Kind(kind).is_of_workspace
    ]
    shown = [key for key in keys if viewer.may_see(key)]
    return [
        NamedSeries(Kind(row.kind), row.id, row.name or str(row.id))
        for row in await series_store.list_series_names(tx, viewer.workspace, shown)
    ]


async def find_series_name(tx: Tx, viewer: Viewer, key: SeriesKey) -> str | None:
    """None for an unknown series, and for one that the viewer may not see."""
    row = await series_store.find_series(tx, viewer.workspace, key) if viewer.may_see(key) else None
    return None if row is None else row.name


async def list_tag_names(tx: Tx, viewer: Viewer) -> list[str]:
    """The names of tags, a thousand at most."""
    return await store.list_tag_names(tx, viewer.workspace)
