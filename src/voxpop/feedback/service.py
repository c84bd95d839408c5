"""The only writer of ratings."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from voxpop.db.pool import Tx
from voxpop.errors import NotFound
from voxpop.feedback import store
from voxpop.feedback.models import Feedback, NewFeedback, NewNotes, Notes, Origin
from voxpop.metrics.models import Scored
from voxpop.types import FeedbackId, WorkspaceId


async def record(
    tx: Tx, workspace: WorkspaceId, ratings: Sequence[NewFeedback], now: datetime, user: str
) -> list[Scored]:
    """Stores ratings and returns what they add to the counts, which the conductor passes to `metrics.add`."""
    await store.insert_feedback(tx, workspace, ratings, now, user)
    return [
        Scored(rating.survey_type, rating.score - rating.scale_min, rating.day, rating.series) for rating in ratings
    ]


async def list_of(
    tx: Tx, workspace: WorkspaceId, subject: tuple[Origin, UUID], before: tuple[datetime, UUID], limit: int
) -> list[Feedback]:
    """Ratings of one origin, newest first, those before (time, id) only."""
    return await store.list_feedback(tx, workspace, subject, before, limit)


async def note(tx: Tx, workspace: WorkspaceId, feedback: FeedbackId, new: NewNotes, now: datetime, user: str) -> Notes:
    """Keeps a team's notes beside a rating; NotFound where there is none."""
    noted = await store.set_notes(tx, workspace, feedback, (new.notes, new.updated_by), now, user)
    if noted is None:
        raise NotFound.of("Feedback", feedback)
    return noted
