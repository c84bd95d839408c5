"""Low ratings of tickets with their comments, how many there are per tag, and the all-time average rating."""

from datetime import datetime

from msgspec import Struct

from voxpop.cursors import NEWEST_FIRST, Position, decode_cursor, encode_cursor
from voxpop.db.pool import Tx, plan_with_values
from voxpop.metrics import scores
from voxpop.metrics import service as metrics
from voxpop.tickets.lists import low_ratings_store as store
from voxpop.tickets.lists import store as list_store
from voxpop.tickets.lists.models import LowRating, TagCount
from voxpop.tickets.models import SCALE_MIN, SURVEY_TYPE
from voxpop.tickets.ratings import tickets_series
from voxpop.types import WorkspaceId


class LowRatingPage(Struct, frozen=True):
    """One page of low ratings. `next_cursor` is None on the last page."""

    rows: list[LowRating]
    next_cursor: str | None


class Average(Struct, frozen=True):
    """The average of the rated tickets with one decimal, and the number of ratings; None without any (T15)."""

    value: float | None
    count: int


async def list_low_ratings(
    tx: Tx, workspace: WorkspaceId, since: datetime, tag: str | None, cursor: str | None, limit: int
) -> LowRatingPage:
    """Ratings of one and two stars since a time, the newest first; with a tag's name, those of its tickets."""
    tag_id = None if tag is None else await list_store.find_tag(tx, workspace, tag)
    if tag is not None and tag_id is None:
        return LowRatingPage([], None)
    await plan_with_values(tx)
    after = decode_cursor(cursor) or NEWEST_FIRST
    rows = await store.list_low_ratings(tx, workspace, since, tag_id, after, limit + 1)
    if len(rows) <= limit:
        return LowRatingPage(rows, None)
    last = rows[limit - 1]
    return LowRatingPage(rows[:limit], encode_cursor(Position(last.csat_rated_at, last.id)))


async def count_tags(tx: Tx, workspace: WorkspaceId, since: datetime) -> list[TagCount]:
    """The tags by the number of low ratings since a time, the most first."""
    return await store.list_tag_counts(tx, workspace, since)


async def average_rating(tx: Tx, workspace: WorkspaceId) -> Average:
    """The average of all ratings that the workspace's tickets ever had."""
    counts = await metrics.get_all_time_counts(tx, workspace, tickets_series(workspace), SURVEY_TYPE)
    mean = scores.mean(counts, SCALE_MIN)
    return Average(None if mean is None else scores.half_up(mean, 1), scores.total(counts))
