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
from voxpop.types import SYSTEM_USER, Audit, FeedbackId, Origin, WorkspaceId, instant


async def record(tx: Tx, workspace: WorkspaceId, ratings: Sequence[NewFeedback], now: datetime) -> list[ScoreIncrement]:
    """Stores ratings with one outbox message each, and returns what they add to the counts.

    The caller passes that to `metrics.add_counts`, last in its transaction.
    """
    if not ratings:
        return []
    await store.insert_feedback(tx, workspace, ratings, Audit(now, SYSTEM_USER))
    await outbox.record(tx, workspace, [message_of(workspace, rating, now) for rating in ratings], now)
    return [
        ScoreIncrement(rating.survey_type, rating.score - rating.scale_min, rating.day, rating.series)
        for rating in ratings
    ]


async def list_feedback(
    tx: Tx, workspace: WorkspaceId, origin: Origin, origin_id: UUID, before: Position, limit: int
) -> list[Feedback]:
    """The ratings of one subject of an origin, newest first, before a position."""
    return await store.list_feedback(tx, workspace, origin, origin_id, before, limit)


async def set_notes(tx: Tx, workspace: WorkspaceId, feedback: FeedbackId, new: NewNotes, audit: Audit) -> Notes:
    """Raises NotFound for an unknown rating."""
    notes = await store.set_notes(tx, workspace, feedback, new, audit)
    if notes is None:
        raise NotFound.of("Feedback", feedback)
    return notes


def message_of(workspace: WorkspaceId, rating: NewFeedback, now: datetime) -> Message:
    """The outbox message about a rating. Its key is the rating's id: there is one message, so no order to keep."""
    event = FeedbackRecorded(
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
    return Message(Kind.FEEDBACK, str(rating.id), msgspec.json.encode(event).decode())
