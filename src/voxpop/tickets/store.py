"""Statements on single tickets, their messages, log and tags. Lists are `list_store`'s."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from voxpop.db.pool import Tx, notify_on_commit
from voxpop.db.query import NoRows, Query
from voxpop.tickets import search_text
from voxpop.tickets.models import Activity, ActivityKind, Message, MessageKind, NewTicket, Priority, Tag, Ticket
from voxpop.types import TicketId, WorkspaceId, uuid7


class Number(Struct):
    last_number: int


_TICKET = """id, ref, subject, description, requester_name, requester_email, requester_email_folded, requester_guid,
        status, priority, assignee_id, first_response_at, last_reply_at, last_replier_id, resolved_at,
        csat_rating, csat_comment, csat_rated_at, csat_agent_id, open_survey_id, create_time, updated_at"""

NEXT_NUMBER = Query(
    """
    INSERT INTO ticket_counter AS c (workspace_id, last_number) VALUES ($1, 1)
    ON CONFLICT (workspace_id) DO UPDATE SET last_number = c.last_number + 1 RETURNING last_number
    """,
    Number,
)

NEW_TICKET = Query(
    f"""
    INSERT INTO ticket (workspace_id, id, ref, subject, description, requester_name, requester_email,
                        requester_email_folded, requester_guid, priority, priority_rank, assignee_id, last_reply_at,
                        create_time, create_user, updated_at, last_update_user)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14, $13, $14) RETURNING {_TICKET}
    """,
    Ticket,
)

TICKET_BY_REF = Query(f"SELECT {_TICKET} FROM ticket WHERE workspace_id = $1 AND ref = $2", Ticket)

LOCKED_TICKET = Query(f"{TICKET_BY_REF.sql} FOR UPDATE", Ticket)

LOCKED_TICKETS = Query(
    f"SELECT {_TICKET} FROM ticket WHERE workspace_id = $1 AND ref = ANY ($2::text[]) ORDER BY id FOR UPDATE", Ticket
)

NEW_WORDS = Query(
    """
    INSERT INTO ticket_search (workspace_id, ticket_id, requester_email_folded, status, assignee_id, priority_rank,
                               create_time, updated_at, words)
    SELECT $1, id, requester_email_folded, status, assignee_id, priority_rank, create_time, updated_at,
           words_and_stems($3)
    FROM ticket WHERE workspace_id = $1 AND id = $2
    """,
    NoRows,
)

# A conversation without end stops growing here, before the megabyte that the type can hold: words and stems together.
MORE_WORDS = Query(
    """
    UPDATE ticket_search SET words = words || words_and_stems($3)
    WHERE workspace_id = $1 AND ticket_id = $2 AND length(words) < 4000
    """,
    NoRows,
)

# Everything of a ticket that may change, written as a whole under its lock; and what its tags and words repeat of it.
CHANGED_TICKET = Query(
    """
    WITH tagged AS (
        UPDATE ticket_tag SET status = $3, priority_rank = $5, assignee_id = $6, csat_rating = $11,
            csat_rated_at = $13, updated_at = $16
        WHERE workspace_id = $1 AND ticket_id = $2
    ), found AS (
        UPDATE ticket_search SET status = $3, priority_rank = $5, assignee_id = $6, csat_rating = $11,
            csat_rated_at = $13, updated_at = $16
        WHERE workspace_id = $1 AND ticket_id = $2
    )
    UPDATE ticket SET status = $3, priority = $4, priority_rank = $5, assignee_id = $6, first_response_at = $7,
        last_reply_at = $8, last_replier_id = $9, resolved_at = $10, csat_rating = $11, csat_comment = $12,
        csat_rated_at = $13, csat_agent_id = $14, open_survey_id = $15, updated_at = $16, last_update_user = $17
    WHERE workspace_id = $1 AND id = $2
    """,
    NoRows,
)

NEW_MESSAGE = Query(
    """
    INSERT INTO ticket_message (workspace_id, id, ticket_id, kind, author_id, author_name, body, create_time)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id, kind, author_id, author_name, body, create_time
    """,
    Message,
)

MESSAGES = Query(
    """
    SELECT id, kind, author_id, author_name, body, create_time FROM ticket_message
    WHERE workspace_id = $1 AND ticket_id = $2 AND kind = ANY ($3::text[]) ORDER BY create_time, id
    """,
    Message,
)

NEW_ACTIVITY = Query(
    """
    INSERT INTO ticket_activity (workspace_id, id, ticket_id, what, actor_name, old_value, new_value, create_time)
    SELECT $1, id, ticket_id, what, $7, old_value, new_value, $8
    FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[])
        AS new (id, ticket_id, what, old_value, new_value)
    ORDER BY id
    """,
    NoRows,
)

ACTIVITIES = Query(
    """
    SELECT what, actor_name, old_value, new_value, create_time FROM ticket_activity
    WHERE workspace_id = $1 AND ticket_id = $2 ORDER BY create_time, id
    """,
    Activity,
)

ALL_TAGS = Query("SELECT id, name FROM tag WHERE workspace_id = $1 ORDER BY name", Tag)

NEW_TAGS = Query(
    """
    INSERT INTO tag (workspace_id, id, name, create_time)
    SELECT $1, id, name, $4 FROM unnest($2::uuid[], $3::text[]) AS new (id, name) ORDER BY name
    ON CONFLICT (workspace_id, name) DO NOTHING
    """,
    NoRows,
)

TAGS_BY_NAME = Query("SELECT id, name FROM tag WHERE workspace_id = $1 AND name = ANY ($2::text[]) ORDER BY name", Tag)

TAGS_OF_TICKET = Query(
    """
    SELECT t.id, t.name FROM ticket_tag tt JOIN tag t ON t.workspace_id = $1 AND t.id = tt.tag_id
    WHERE tt.workspace_id = $1 AND tt.ticket_id = $2 ORDER BY t.name
    """,
    Tag,
)

# A ticket has the names of its tags too, for lists that only show them.
UNTAGGED = Query(
    """
    WITH named AS (
        UPDATE ticket SET tag_names = $3::text[] WHERE workspace_id = $1 AND id = $2 AND tag_names <> $3
    )
    DELETE FROM ticket_tag WHERE workspace_id = $1 AND ticket_id = $2
    """,
    NoRows,
)

TAGGED = Query(
    """
    INSERT INTO ticket_tag (workspace_id, ticket_id, tag_id, status, assignee_id, priority_rank, csat_rating,
                            csat_rated_at, create_time, updated_at)
    SELECT $1, t.id, tag_id, t.status, t.assignee_id, t.priority_rank, t.csat_rating, t.csat_rated_at, t.create_time,
           t.updated_at
    FROM ticket t CROSS JOIN unnest($3::uuid[]) AS new (tag_id)
    WHERE t.workspace_id = $1 AND t.id = $2 ORDER BY tag_id
    """,
    NoRows,
)


async def insert_ticket(
    tx: Tx, workspace: WorkspaceId, ident: TicketId, new: NewTicket, by: tuple[datetime, str]
) -> Ticket:
    """With the workspace's next number; `by`: when and who."""
    number = (await NEXT_NUMBER.one(tx, workspace)).last_number
    who = new.requester
    values = (f"TK-{number}", new.subject, new.description, who.name, who.email, who.email_folded, who.guid)
    urgency = (new.priority, new.priority.rank, new.assignee_id)
    ticket = await NEW_TICKET.one(tx, workspace, ident, *values, *urgency, *by)
    text = f"{ticket.ref} {new.subject} {new.description} {who.name} {who.email}"
    await NEW_WORDS.run(tx, workspace, ident, search_text.lexemes(workspace, text))
    notify_on_commit(tx, workspace)
    return ticket


async def find_ticket(tx: Tx, workspace: WorkspaceId, ref: str) -> Ticket | None:
    return await TICKET_BY_REF.find(tx, workspace, ref)


async def lock_ticket(tx: Tx, workspace: WorkspaceId, ref: str) -> Ticket | None:
    """The first lock of everything that changes a ticket."""
    return await LOCKED_TICKET.find(tx, workspace, ref)


async def lock_tickets(tx: Tx, workspace: WorkspaceId, refs: Sequence[str]) -> list[Ticket]:
    """Those there are, in the order of their ids."""
    return await LOCKED_TICKETS.all(tx, workspace, refs)


async def set_ticket(tx: Tx, workspace: WorkspaceId, ticket: Ticket, user: str) -> None:
    """Stores what may have changed of a locked ticket."""
    rank = Priority(ticket.priority).rank
    await CHANGED_TICKET.run(
        tx,
        workspace,
        ticket.id,
        ticket.status,
        ticket.priority,
        rank,
        ticket.assignee_id,
        ticket.first_response_at,
        ticket.last_reply_at,
        ticket.last_replier_id,
        ticket.resolved_at,
        ticket.csat_rating,
        ticket.csat_comment,
        ticket.csat_rated_at,
        ticket.csat_agent_id,
        ticket.open_survey_id,
        ticket.updated_at,
        user,
    )
    notify_on_commit(tx, workspace)


async def insert_message(tx: Tx, workspace: WorkspaceId, ticket: TicketId, message: Message) -> Message:
    values = (message.kind, message.author_id, message.author_name, message.body, message.create_time)
    await MORE_WORDS.run(tx, workspace, ticket, search_text.lexemes(workspace, message.body))
    return await NEW_MESSAGE.one(tx, workspace, message.id, ticket, *values)


async def list_messages(
    tx: Tx, workspace: WorkspaceId, ticket: TicketId, kinds: Sequence[MessageKind] = tuple(MessageKind)
) -> list[Message]:
    """Oldest first. Customers are shown no notes: leave that kind out for them."""
    return await MESSAGES.all(tx, workspace, ticket, kinds)


async def insert_activities(
    tx: Tx,
    workspace: WorkspaceId,
    changes: Sequence[tuple[TicketId, ActivityKind, str | None, str | None]],
    by: tuple[str, datetime],
) -> None:
    """`changes`: ticket, what, from, to. `by`: who and when."""
    if changes:
        columns = zip(*((uuid7(), *change) for change in changes), strict=True)
        await NEW_ACTIVITY.run(tx, workspace, *columns, *by)


async def list_activities(tx: Tx, workspace: WorkspaceId, ticket: TicketId) -> list[Activity]:
    return await ACTIVITIES.all(tx, workspace, ticket)


async def list_tags(tx: Tx, workspace: WorkspaceId) -> list[Tag]:
    return await ALL_TAGS.all(tx, workspace)


async def list_ticket_tags(tx: Tx, workspace: WorkspaceId, ticket: TicketId) -> list[Tag]:
    return await TAGS_OF_TICKET.all(tx, workspace, ticket)


async def set_tags(tx: Tx, workspace: WorkspaceId, ticket: TicketId, names: Sequence[str], now: datetime) -> list[Tag]:
    """The tags of a locked ticket from now on, sorted; those nobody has used are made."""
    await UNTAGGED.run(tx, workspace, ticket, names)
    if not names:
        return []
    await NEW_TAGS.run(tx, workspace, [uuid7() for _ in names], names, now)
    tags = await TAGS_BY_NAME.all(tx, workspace, names)
    await TAGGED.run(tx, workspace, ticket, [tag.id for tag in tags])
    return tags
