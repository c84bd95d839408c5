"""Statements that write the words of tickets for full-text search; `lists/` has those that search.

A ticket has a row of `ticket_search` for each part of its texts (`search_text.MAX_PART_SIZE`). Part 0 begins with the
ticket itself, and messages follow. A message knows its part. So a long conversation has no limit, and a new message
rewrites few words.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from voxpop import search_text
from voxpop.cursors import Position
from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query, arrays_of
from voxpop.search_text import MAX_PART_SIZE, text_size
from voxpop.types import TicketId, WorkspaceId


class LastPart(Struct, frozen=True):
    """The last part of a ticket's texts."""

    part: int


class NewPart(Struct, frozen=True):
    """A part of a ticket's texts, as it is indexed. `size` is the sum of the sizes of its texts."""

    ticket: TicketId
    part: int
    size: int
    lexemes: Sequence[str]


class IndexedMessage(Struct, frozen=True):
    """A message as a rebuild of the index reads it."""

    id: UUID
    body: str
    create_time: datetime


class MessagePart(Struct, frozen=True):
    """The part of the index that has the words of a message."""

    message: UUID
    part: int


# Every part repeats the columns by which lists are filtered and sorted.
NEW_PART = Query(
    """
    INSERT INTO ticket_search (workspace_id, ticket_id, part, size, requester_email_folded, status, assignee_id,
                               priority_rank, csat_rating, csat_rated_at, create_time, updated_at, words)
    SELECT :workspace, id, :part, :size, requester_email_folded, status, assignee_id, priority_rank, csat_rating,
           csat_rated_at, create_time, updated_at,
           words_and_stems(:lexemes::text[]) || array_to_tsvector(:marks::text[])
    FROM ticket WHERE workspace_id = :workspace AND id = :ticket
    """,
    NoRows,
    values=NewPart,
)

LAST_PART = Query(
    """
    SELECT part FROM ticket_search WHERE workspace_id = :workspace AND ticket_id = :ticket
    ORDER BY part DESC LIMIT 1
    """,
    LastPart,
)

GROWN_PART = Query(
    """
    UPDATE ticket_search SET words = words || words_and_stems(:lexemes::text[]), size = size + :size
    WHERE workspace_id = :workspace AND ticket_id = :ticket AND part = :part AND size + :size <= :max_size
    """,
    NoRows,
    values=NewPart,
)

MESSAGES_TO_INDEX = Query(
    """
    SELECT id, body, create_time FROM ticket_message
    WHERE workspace_id = :workspace AND ticket_id = :ticket AND (create_time, id) > (:after_time, :after_id::uuid)
    ORDER BY create_time, id LIMIT :limit
    """,
    IndexedMessage,
)

OLD_PARTS = Query("DELETE FROM ticket_search WHERE workspace_id = :workspace AND ticket_id = :ticket", NoRows)

MESSAGE_PARTS = Query(
    """
    UPDATE ticket_message m SET search_part = new.part
    FROM unnest(:message::uuid[], :part::integer[]) AS new (message, part)
    WHERE m.workspace_id = :workspace AND m.id = new.message AND m.search_part <> new.part
    """,
    NoRows,
)


async def insert_part(tx: Tx, workspace: WorkspaceId, ticket: TicketId, part: int, texts: Sequence[str]) -> None:
    new = NewPart(ticket, part, sum(map(text_size, texts)), search_text.lexemes(workspace, "\n".join(texts)))
    marks = [search_text.later_part_lexeme(workspace)] if part else []
    await NEW_PART.run(tx, new, workspace=workspace, marks=marks)


async def add_text(tx: Tx, workspace: WorkspaceId, ticket: TicketId, text: str) -> int:
    """Indexes one more text of a locked ticket and returns its part: the last one, or a new one if that is full."""
    last = await LAST_PART.one(tx, workspace=workspace, ticket=ticket)
    values = NewPart(ticket, last.part, text_size(text), search_text.lexemes(workspace, text))
    if await GROWN_PART.run(tx, values, workspace=workspace, max_size=MAX_PART_SIZE):
        return last.part
    await insert_part(tx, workspace, ticket, last.part + 1, [text])
    return last.part + 1


async def list_messages(
    tx: Tx, workspace: WorkspaceId, ticket: TicketId, after: Position, limit: int
) -> list[IndexedMessage]:
    """Oldest first, after a position."""
    return await MESSAGES_TO_INDEX.all(
        tx, workspace=workspace, ticket=ticket, after_time=after.at, after_id=after.id, limit=limit
    )


async def delete_parts(tx: Tx, workspace: WorkspaceId, ticket: TicketId) -> None:
    await OLD_PARTS.run(tx, workspace=workspace, ticket=ticket)


async def set_message_parts(tx: Tx, workspace: WorkspaceId, parts: Sequence[MessagePart]) -> None:
    if parts:
        await MESSAGE_PARTS.run(tx, workspace=workspace, **arrays_of(parts))
