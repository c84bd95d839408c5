"""The words by which full-text search finds comments: those of new ratings, and all again after an upgrade."""

from collections.abc import Iterable, Sequence

from voxpop.cursors import OLDEST_FIRST
from voxpop.db.pool import Tx
from voxpop.feedback import search_store as store
from voxpop.feedback.search_store import StoredComment, WordsRow
from voxpop.feedback.weeks import week_of, word_prefix
from voxpop.search_text import split_words
from voxpop.types import FeedbackId, WorkspaceId

CHUNK_SIZE = 1_000  # comments of one transaction
FIRST_ID = FeedbackId(OLDEST_FIRST.id)


async def index_comments(tx: Tx, workspace: WorkspaceId, ratings: Iterable[StoredComment]) -> None:
    """Stores the words of new comments. A rating without words has no row."""
    words = [
        WordsRow(rating.id, rating.at, word_prefix(workspace, week_of(rating.at)), " ".join(found))
        for rating in ratings
        if rating.comment and (found := split_words(rating.comment))
    ]
    await store.insert_words(tx, workspace, words)


async def rebuild_outdated(tx: Tx, workspace: WorkspaceId) -> bool:
    """Indexes some comments again whose words an earlier version stored, or none; True if there may be more."""
    ratings = await store.lock_outdated_comments(tx, workspace, CHUNK_SIZE)
    await _rebuild(tx, workspace, ratings)
    return len(ratings) == CHUNK_SIZE


async def rebuild_next(tx: Tx, workspace: WorkspaceId, after: FeedbackId = FIRST_ID) -> list[FeedbackId]:
    """Indexes the next comments again, outdated or not, in the order of their ids; none after the last."""
    ratings = await store.lock_comments(tx, workspace, after, CHUNK_SIZE)
    await _rebuild(tx, workspace, ratings)
    return [rating.id for rating in ratings]


async def _rebuild(tx: Tx, workspace: WorkspaceId, ratings: Sequence[StoredComment]) -> None:
    await store.delete_words(tx, workspace, [rating.id for rating in ratings])
    await index_comments(tx, workspace, ratings)
