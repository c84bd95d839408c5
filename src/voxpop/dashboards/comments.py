"""The latest comments of customers, each with its score and what it is about. Changes nothing."""

from msgspec import Struct

from voxpop.dashboards import subject_store as store
from voxpop.dashboards.models import ScoredType, SeriesKey
from voxpop.dashboards.ratings import narrow
from voxpop.dashboards.subject_store import Subject
from voxpop.dashboards.viewer import Viewer
from voxpop.db.pool import Database
from voxpop.feedback import lists
from voxpop.feedback.models import FeedbackFilter, FeedbackItem
from voxpop.metrics.periods import Period

MAX_COMMENTS = 6


class Comment(Struct, frozen=True):
    """A rating with a comment, its survey type and its subject."""

    rating: FeedbackItem
    survey_type: ScoredType
    subject: Subject


async def list_comments(
    database: Database, viewer: Viewer, period: Period, survey_type: str, key: SeriesKey, limit: int = MAX_COMMENTS
) -> list[Comment]:
    """The newest comments of a series and survey type within a period. It opens its own transactions."""
    narrowed = narrow(viewer.workspace, key)
    wanted = FeedbackFilter(
        narrowed.origin,
        narrowed.origin_id,
        survey_type,
        source=narrowed.source,
        has_comment=True,
        first_day=period.first,
        last_day=period.last,
        links=[narrowed.link] if narrowed.link else [],
    )
    page = await lists.list_feedback(database, viewer.workspace, wanted, None, limit)
    async with database.transaction(viewer.workspace) as tx:
        subjects = {each.id: each for each in await store.list_subjects(tx, viewer.workspace, page.rows)}
    return [Comment(each, viewer.types[each.survey_type], subjects[each.id]) for each in page.rows]
