"""Rebuilding the words by which full-text search finds tickets: after an upgrade that folds texts in another way."""

from collections.abc import AsyncIterator

from voxpop.cursors import OLDEST_FIRST, Position
from voxpop.db.pool import Tx
from voxpop.search_text import MAX_PART_SIZE, text_size
from voxpop.tickets import search_store, store
from voxpop.tickets.models import Ticket
from voxpop.tickets.search_store import IndexedMessage, MessagePart
from voxpop.types import TicketId, WorkspaceId

CHUNK_SIZE = 100  # tickets of one transaction
FIRST_ID = TicketId(OLDEST_FIRST.id)
MESSAGES_AT_ONCE = 500


async def rebuild_outdated(tx: Tx, workspace: WorkspaceId) -> bool:
    """Indexes some tickets again whose words an earlier version stored; True if there may be more."""
    tickets = await store.lock_tickets_to_index(tx, workspace, FIRST_ID, CHUNK_SIZE, only_outdated=True)
    for ticket in tickets:
        await _rebuild(tx, workspace, ticket)
    return len(tickets) == CHUNK_SIZE


async def rebuild_next(tx: Tx, workspace: WorkspaceId, after: TicketId = FIRST_ID) -> list[TicketId]:
    """Indexes the next tickets again, outdated or not, in the order of their ids; none after the last."""
    tickets = await store.lock_tickets_to_index(tx, workspace, after, CHUNK_SIZE, only_outdated=False)
    for ticket in tickets:
        await _rebuild(tx, workspace, ticket)
    return [ticket.id for ticket in tickets]


async def _rebuild(tx: Tx, workspace: WorkspaceId, ticket: Ticket) -> None:
    """Distributes the texts over the parts as adding them one by one would."""
    await search_store.delete_parts(tx, workspace, ticket.id)
    part, texts, size = 0, [ticket.search_text], text_size(ticket.search_text)
    parts: list[MessagePart] = []
    async for message in _messages(tx, workspace, ticket.id):
        if size + text_size(message.body) > MAX_PART_SIZE:
            await search_store.insert_part(tx, workspace, ticket.id, part, texts)
            part, texts, size = part + 1, [], 0
        texts.append(message.body)
        size += text_size(message.body)
        parts.append(MessagePart(message.id, part))
    await search_store.insert_part(tx, workspace, ticket.id, part, texts)
    await search_store.set_message_parts(tx, workspace, parts)


async def _messages(tx: Tx, workspace: WorkspaceId, ticket: TicketId) -> AsyncIterator[IndexedMessage]:
    """The messages of a ticket, oldest first."""
    after = OLDEST_FIRST
    while messages := await search_store.list_messages(tx, workspace, ticket, after, MESSAGES_AT_ONCE):
        for message in messages:
            yield message
        after = Position(messages[-1].create_time, messages[-1].id)
