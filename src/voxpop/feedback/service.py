"""The only writer of ratings."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET

from voxpop import outbox
from voxpop.cursors import Position
from voxpop.db.pool import Tx, notify_on_commit
from voxpop.errors import NotFound
from voxpop.feedback import search_index, store
from voxpop.feedback.models import (
    Feedback,
    FeedbackChange,
    FeedbackRecorded,
    IndexedRating,
    LinkKind,
    NewFeedback,
    NewMark,
    NewNotes,
    Notes,
)
from voxpop.feedback.search_store import StoredComment
from voxpop.feedback.store import LinkRow, Stored
from voxpop.metrics.models import ScoreIncrement, SeriesKind
from voxpop.outbox import Kind, Message
from voxpop.types import SYSTEM_USER, Audit, FeedbackId, Instant, Origin, WorkspaceId, instant

LINKED_SERIES = {kind.value for kind in LinkKind} - {LinkKind.LABEL}


async def record(tx: Tx, workspace: WorkspaceId, ratings: Sequence[NewFeedback], now: datetime) -> list[ScoreIncrement]:
    """Stores ratings with one outbox message each, and returns what they add to the counts.

    The caller passes that to `metrics.add_counts`, last in its transaction.
    """
    if not ratings:
        return []
    await store.insert_feedback(tx, workspace, ratings, Audit(now, SYSTEM_USER))
    await index_ratings(tx, workspace, [IndexedRating(one.id, now, one.series, one.comment) for one in ratings])
    notify_on_commit(tx, workspace)
    told_at = instant(now)
    await outbox.record(tx, workspace, [message_of(workspace, rating, told_at) for rating in ratings], now)
    return [
        ScoreIncrement(rating.survey_type, rating.score - rating.scale_min, rating.day, rating.series)
        for rating in ratings
    ]


async def index_ratings(tx: Tx, workspace: WorkspaceId, ratings: Sequence[IndexedRating]) -> None:
    """Stores what lists and full-text search need of new ratings."""
    await store.insert_links(tx, workspace, [row for rating in ratings for row in _link_rows(rating)])
    comments = (StoredComment(rating.id, rating.at, rating.comment) for rating in ratings)
    await search_index.index_comments(tx, workspace, comments)


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


async def change_feedback(
    tx: Tx, workspace: WorkspaceId, feedback: FeedbackId, change: FeedbackChange, audit: Audit
) -> None:
    """Changes notes, marks and tags of a rating; NotFound for an unknown one. Series and counts stay as they are.

    What is as it was is not stored again, so it keeps its author and time.
    """
    (stored,) = await _lock(tx, workspace, [feedback])
    if change.notes is not UNSET and change.notes != stored.notes:
        await store.set_notes(tx, workspace, feedback, NewNotes(change.notes, audit.by), audit)
    old = set(stored.tag_ids)
    new = old if change.tags is UNSET else set(change.tags)
    if _differs(stored, change) or new != old:
        await store.set_marks(tx, workspace, [feedback], change, audit)
    if new != old:
        at = stored.create_time
        await store.delete_links(tx, workspace, LinkKind.LABEL, sorted(old - new), feedback, at)
        added = [LinkRow(LinkKind.LABEL, tag, at, feedback, stored.has_comment) for tag in sorted(new - old)]
        await store.insert_links(tx, workspace, added)
    notify_on_commit(tx, workspace)


async def lock_feedback(tx: Tx, workspace: WorkspaceId, feedback: FeedbackId) -> None:
    """Locks a rating until the end of the transaction; NotFound for an unknown one."""
    await _lock(tx, workspace, [feedback])


async def mark_several(
    tx: Tx, workspace: WorkspaceId, ids: Sequence[FeedbackId], mark: NewMark, audit: Audit
) -> list[FeedbackId]:
    """Sets or removes a mark of several ratings, and returns those that changed. NotFound for an unknown one."""
    stored = await _lock(tx, workspace, ids)
    changed = [each.id for each in stored if _differs(each, mark.change)]
    if changed:
        await store.set_marks(tx, workspace, changed, mark.change, audit)
        notify_on_commit(tx, workspace)
    return changed


async def _lock(tx: Tx, workspace: WorkspaceId, ids: Sequence[FeedbackId]) -> list[Stored]:
    stored = await store.lock_feedback(tx, workspace, ids)
    known = {each.id for each in stored}
    if unknown := next((each for each in ids if each not in known), None):
        raise NotFound.of("Feedback", unknown)
    return stored


def _differs(stored: Stored, change: FeedbackChange) -> bool:
    """Whether a change sets another mark than the stored one."""
    return change.read not in (UNSET, stored.read) or change.handled not in (UNSET, stored.handled)


def _link_rows(rating: IndexedRating) -> Iterator[LinkRow]:
    """The series that no column of the rating tells, and the tags, which are its first labels."""
    for series in rating.series:
        kinds = [series.kind] if series.kind in LINKED_SERIES else []
        for kind in [*kinds, LinkKind.LABEL] if series.kind == SeriesKind.TAG else kinds:
            yield LinkRow(kind, series.id, rating.at, rating.id, rating.comment is not None)


def message_of(workspace: WorkspaceId, rating: NewFeedback, told_at: Instant) -> Message:
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
        timestamp=told_at,
    )
    return Message(Kind.FEEDBACK, str(rating.id), msgspec.json.encode(event).decode())
