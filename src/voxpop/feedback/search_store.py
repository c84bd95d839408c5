"""Statements that write the words of comments for full-text search; `list_store` has those that search."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query, arrays_of
from voxpop.types import FeedbackId, WorkspaceId


class StoredComment(Struct, frozen=True):
    """A rating as the index of words reads it."""

    id: FeedbackId
    at: datetime
    comment: str | None


class WordsRow(Struct):
    """A row of `feedback_search`: words, separated by spaces, and the prefix of each in the index."""

    rating: FeedbackId
    at: datetime
    prefix: str
    words: str


# The words and their stems, each with its prefix. The stems of all ratings have one call, because each costs.
NEW_WORDS = Query(
    """
    WITH new AS (
        SELECT rating, at, prefix, string_to_array(words, ' ') AS words
        FROM unnest(:rating::uuid[], :at::timestamptz[], :prefix::text[], :words::text[])
            AS given (rating, at, prefix, words)
    ), stemmed AS MATERIALIZED (
        SELECT word, stem FROM stems(ARRAY(SELECT DISTINCT word FROM new CROSS JOIN unnest(new.words) AS one (word)))
    )
    INSERT INTO feedback_search (workspace_id, feedback_id, create_time, words)
    SELECT :workspace, rating, at, array_to_tsvector(array_agg(prefix || form))
    FROM new CROSS JOIN unnest(new.words) AS one (word) JOIN stemmed USING (word)
        CROSS JOIN LATERAL (VALUES (word), (stem)) AS each (form)
    WHERE form IS NOT NULL
    GROUP BY rating, at ORDER BY rating
    """,
    NoRows,
    values=WordsRow,
)

_COMMENT = "SELECT f.id, f.create_time AS at, f.comment"

COMMENTS = Query(
    f"""
    {_COMMENT} FROM feedback f
    WHERE f.workspace_id = :workspace AND f.id > :after AND f.comment IS NOT NULL
    ORDER BY f.id LIMIT :limit FOR NO KEY UPDATE
    """,
    StoredComment,
)

OUTDATED_COMMENTS = Query(
    f"""
    {_COMMENT} FROM feedback_search s JOIN feedback f ON f.workspace_id = :workspace AND f.id = s.feedback_id
    WHERE s.workspace_id = :workspace AND s.is_outdated
    ORDER BY s.feedback_id LIMIT :limit FOR NO KEY UPDATE OF f
    """,
    StoredComment,
)

OLD_WORDS = Query(
    "DELETE FROM feedback_search WHERE workspace_id = :workspace AND feedback_id = ANY (:ratings::uuid[])", NoRows
)


async def insert_words(tx: Tx, workspace: WorkspaceId, words: Sequence[WordsRow]) -> None:
    """The words of comments, which full-text search finds."""
    if words:
        await NEW_WORDS.run(tx, workspace=workspace, **arrays_of(words))


async def delete_words(tx: Tx, workspace: WorkspaceId, ratings: Sequence[FeedbackId]) -> None:
    await OLD_WORDS.run(tx, workspace=workspace, ratings=ratings)


async def lock_comments(tx: Tx, workspace: WorkspaceId, after: FeedbackId, limit: int) -> list[StoredComment]:
    """The next ratings that have comments, in the order of their ids."""
    return await COMMENTS.all(tx, workspace=workspace, after=after, limit=limit)


async def lock_outdated_comments(tx: Tx, workspace: WorkspaceId, limit: int) -> list[StoredComment]:
    """Ratings whose words are to be stored again."""
    return await OUTDATED_COMMENTS.all(tx, workspace=workspace, limit=limit)
