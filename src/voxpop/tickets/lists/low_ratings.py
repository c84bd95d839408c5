"""Where customers were unhappy: low ratings with their comments and subjects; and what ratings amount to on average."""

from datetime import UTC, datetime
from uuid import UUID

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.metrics import scores
from voxpop.metrics import service as metrics
from voxpop.tickets.lists import low_ratings_store as store
from voxpop.tickets.lists import store as list_store
from voxpop.tickets.lists.models import LowRating, Place, Sort, SortKey, TagCount, read_cursor, write_cursor
from voxpop.tickets.models import SCALE_MIN, SURVEY_TYPE
from voxpop.tickets.ratings import tickets_series
from voxpop.tickets.tags import normalize_tag
from voxpop.types import AccountId, TicketId, WorkspaceId

ORDER = Sort(SortKey.RATING)
LATEST = (datetime(9999, 12, 31, tzinfo=UTC), TicketId(UUID(int=2**128 - 1)))


class LowRatingPage(Struct, frozen=True):
    """`next_cursor` is None on the last page."""

    rows: list[LowRating]
    next_cursor: str | None


class Average(Struct, frozen=True):
    """Over rated tickets only (T15): one decimal, None where nobody rated, with the number of ratings."""

    value: float | None
    count: int


async def list_low_ratings(
    tx: Tx,
    workspace: WorkspaceId,
    since: datetime,
    of: tuple[str | None, AccountId | None],
    cursor: str | None,
    limit: int,
) -> LowRatingPage:
    """Ratings of 1 and 2 since a moment, newest first. `of`: a tag's name, the agent who was rated; None is any."""
    tag = None if of[0] is None else await list_store.find_tag(tx, workspace, normalize_tag(of[0]))
    if of[0] is not None and tag is None:
        return LowRatingPage([], None)
    await list_store.set_custom_plans(tx, workspace)
    after = read_cursor(ORDER, cursor)
    before = (after.moment, after.id) if after.segment else LATEST
    rows = await store.list_low_ratings(tx, workspace, since, before, limit + 1, (tag, of[1]))
    if len(rows) <= limit:
        return LowRatingPage(rows, None)
    last = rows[limit - 1]
    return LowRatingPage(rows[:limit], write_cursor(ORDER, Place(1, last.csat_rated_at, last.id)))


async def count_tags(tx: Tx, workspace: WorkspaceId, since: datetime) -> list[TagCount]:
    """Tags by how many low ratings their tickets have had since a moment, the most first."""
    return await store.list_tag_counts(tx, workspace, since)


async def average_rating(tx: Tx, workspace: WorkspaceId) -> Average:
    """Of all ratings that the workspace's tickets have ever had."""
    counts = await metrics.get_all_time_counts(tx, workspace, tickets_series(workspace), SURVEY_TYPE)
    mean = scores.mean(counts, SCALE_MIN)
    return Average(None if mean is None else scores.half_up(mean, 1), scores.total(counts))
