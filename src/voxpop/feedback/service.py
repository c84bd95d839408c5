"""The only writer of ratings."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from voxpop import outbox
from voxpop.cursors import Position
from voxpop.db.pool import Tx
from voxpop.errors import NotFound
from voxpop.feedback import store
from voxpop.feedback.models import Feedback, FeedbackRecorded, NewFeedback, NewNotes, Notes
from voxpop.metrics.models import ScoreIncrement
from voxpop.outbox import Kind, Message
from voxpop.types import FeedbackId, Origin, WorkspaceId, instant


async def record(
    tx: Tx, workspace: WorkspaceId, ratings: Sequence[NewFeedback], now: datetime, user: str
) -> list[ScoreIncrement]:
    """Stores ratings and returns what they add to the counts, which the caller passes to `metrics.add`.

    Each leaves as a message too.
    """
    if not ratings:
        return []
    await store.insert_feedback(tx, workspace, ratings, now, user)
    await outbox.record(tx, workspace, [message_of(workspace, rating, now) for rating in ratings], now)
    return [
        ScoreIncrement(rating.survey_type, rating.score - rating.scale_min, rating.day, rating.series)
        for rating in ratings
    ]


async def list_of(
    tx: Tx, workspace: WorkspaceId, subject: tuple[Origin, UUID], before: Position, limit: int
) -> list[Feedback]:
    """Ratings of one origin, newest first, those before (time, id) only."""
    return await store.list_feedback(tx, workspace, subject, before, limit)


async def note(tx: Tx, workspace: WorkspaceId, feedback: FeedbackId, new: NewNotes, now: datetime, user: str) -> Notes:
    """Keeps a team's notes beside a rating; NotFound where there is none."""
    noted = await store.set_notes(tx, workspace, feedback, (new.notes, new.updated_by), now, user)
    if noted is None:
        raise NotFound.of("Feedback", feedback)
    return noted


def message_of(workspace: WorkspaceId, rating: NewFeedback, now: datetime) -> Message:
    """What the world is told of a rating. The key is its own id: each is told once, so there is no order to keep."""
    told = FeedbackRecorded(
        id=rating.id,
        workspace=workspace,
        survey_id=rating.survey_id,
        survey_type=rating.survey_type,
        origin=rating.origin,
        origin_id=rating.origin_id,
        source=rating.source,
        guid=rating.guid,
        user_email=rating.user_email,
        score=rating.score,
        comment=rating.comment,
        day=rating.day,
        timestamp=instant(now),
    )
    return Message(Kind.FEEDBACK, str(rating.id), msgspec.json.encode(told).decode())
