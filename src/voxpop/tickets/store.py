"""Statements on single tickets, their messages, activity log and tags. `lists/` has those on lists of tickets."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from msgspec import Struct

from voxpop.cursors import Position
from voxpop.db.pool import Tx, notify_on_commit
from voxpop.db.query import NoRows, Query
from voxpop.tickets import search_store
from voxpop.tickets.models import Activity, Message, MessageKind, NewActivity, NewTicket, Priority, Tag, Ticket
from voxpop.types import AccountId, Audit, SurveyId, TicketId, WorkspaceId, uuid7


class TicketNumber(Struct):
    last_number: int


class StatusTime(Struct):
    create_time: datetime


class InsertedTicket(Struct, frozen=True):
    """The columns of a new ticket."""

    ticket: TicketId
    ref: str
    subject: str
    description: str
    requester_name: str
    requester_email: str
    requester_email_folded: str
    requester_guid: str | None
    priority: str
    priority_rank: int
    assignee: AccountId | None

    @classmethod
    def of(cls, ticket: TicketId, ref: str, new: NewTicket) -> Self:
        requester = new.requester
        return cls(
            ticket=ticket,
            ref=ref,
            subject=new.subject,
            description=new.description,
            requester_name=requester.name,
            requester_email=requester.email,
            requester_email_folded=requester.email_folded,
            requester_guid=requester.guid,
            priority=new.priority,
            priority_rank=new.priority.rank,
            assignee=new.assignee_id,
        )


class UpdatedTicket(Struct, frozen=True):
    """The columns of a ticket that can change."""

    ticket: TicketId
    status: str
    priority: str
    priority_rank: int
    assignee: AccountId | None
    first_response_at: datetime | None
    last_reply_at: datetime
    last_replier: AccountId | None
    resolved_at: datetime | None
    csat_rating: int | None
    csat_comment: str | None
    csat_rated_at: datetime | None
    csat_agent: AccountId | None
    open_survey: SurveyId | None
    updated_at: datetime

    @classmethod
    def of(cls, ticket: Ticket) -> Self:
        return cls(
            ticket=ticket.id,
            status=ticket.status,
            priority=ticket.priority,
            priority_rank=Priority(ticket.priority).rank,
            assignee=ticket.assignee_id,
            first_response_at=ticket.first_response_at,
            last_reply_at=ticket.last_reply_at,
            last_replier=ticket.last_replier_id,
            resolved_at=ticket.resolved_at,
            csat_rating=ticket.csat_rating,
            csat_comment=ticket.csat_comment,
            csat_rated_at=ticket.csat_rated_at,
            csat_agent=ticket.csat_agent_id,
            open_survey=ticket.open_survey_id,
            updated_at=ticket.updated_at,
        )


_TICKET = """id, ref, subject, description, requester_name, requester_email, requester_email_folded, requester_guid,
        status, priority, assignee_id, first_response_at, last_reply_at, last_replier_id, resolved_at,
        csat_rating, csat_comment, csat_rated_at, csat_agent_id, open_survey_id, create_time, updated_at"""

NEXT_NUMBER = Query(
    """
    INSERT INTO ticket_counter AS c (workspace_id, last_number) VALUES (:workspace, 1)
    ON CONFLICT (workspace_id) DO UPDATE SET last_number = c.last_number + 1 RETURNING last_number
    """,
    TicketNumber,
)

NEW_TICKET = Query(
    f"""
    INSERT INTO ticket (workspace_id, id, ref, subject, description, requester_name, requester_email,
                        requester_email_folded, requester_guid, priority, priority_rank, assignee_id, last_reply_at,
                        create_time, create_user, updated_at, last_update_user)
    VALUES (:workspace, :ticket, :ref, :subject, :description, :requester_name, :requester_email,
            :requester_email_folded, :requester_guid, :priority, :priority_rank, :assignee, :now,
            :now, :user, :now, :user) RETURNING {_TICKET}
    """,
    Ticket,
    values=InsertedTicket,
)

_BY_REF = f"SELECT {_TICKET} FROM ticket WHERE workspace_id = :workspace AND ref = :ref"
TICKET_BY_REF = Query(_BY_REF, Ticket)
TICKET_BY_REF_LOCKED = Query(f"{_BY_REF} FOR UPDATE", Ticket)

TICKETS_BY_REF_LOCKED = Query(
    f"""
    SELECT {_TICKET} FROM ticket WHERE workspace_id = :workspace AND ref = ANY (:refs::text[]) ORDER BY id FOR UPDATE
    """,
    Ticket,
)

# The next tickets whose words an earlier version stored, or of all tickets. The lock keeps new messages away.
TICKETS_TO_INDEX = Query(
    f"""
    SELECT {_TICKET} FROM ticket
    WHERE workspace_id = :workspace AND id = ANY (CASE WHEN :only_outdated::boolean THEN ARRAY(
            SELECT ticket_id FROM ticket_search WHERE workspace_id = :workspace AND is_outdated AND ticket_id > :after
            ORDER BY ticket_id LIMIT :limit)
        ELSE ARRAY(SELECT id FROM ticket WHERE workspace_id = :workspace AND id > :after ORDER BY id LIMIT :limit) END)
    ORDER BY id FOR UPDATE
    """,
    Ticket,
)

# All columns of a locked ticket that can change, and their copies in the rows of its tags and of its search text.
CHANGED_TICKET = Query(
    """
    WITH tagged AS (
        UPDATE ticket_tag SET status = :status, priority_rank = :priority_rank, assignee_id = :assignee,
            csat_rating = :csat_rating, csat_rated_at = :csat_rated_at, updated_at = :updated_at
        WHERE workspace_id = :workspace AND ticket_id = :ticket
    ), searched AS (
        UPDATE ticket_search SET status = :status, priority_rank = :priority_rank, assignee_id = :assignee,
            csat_rating = :csat_rating, csat_rated_at = :csat_rated_at, updated_at = :updated_at
        WHERE workspace_id = :workspace AND ticket_id = :ticket
    )
    UPDATE ticket SET status = :status, priority = :priority, priority_rank = :priority_rank, assignee_id = :assignee,
        first_response_at = :first_response_at, last_reply_at = :last_reply_at, last_replier_id = :last_replier,
        resolved_at = :resolved_at, csat_rating = :csat_rating, csat_comment = :csat_comment,
        csat_rated_at = :csat_rated_at, csat_agent_id = :csat_agent, open_survey_id = :open_survey,
        updated_at = :updated_at, last_update_user = :user
    WHERE workspace_id = :workspace AND id = :ticket
    """,
    NoRows,
    values=UpdatedTicket,
)

NEW_MESSAGE = Query(
    """
    INSERT INTO ticket_message (workspace_id, id, ticket_id, kind, author_id, author_name, body, create_time,
                                search_part)
    VALUES (:workspace, :id, :ticket, :kind, :author_id, :author_name, :body, :create_time, :search_part)
    RETURNING id, kind, author_id, author_name, body, create_time
    """,
    Message,
    values=Message,
)

MESSAGES = Query(
    """
    SELECT id, kind, author_id, author_name, body, create_time FROM ticket_message
    WHERE workspace_id = :workspace AND ticket_id = :ticket AND kind = ANY (:kinds::text[]) ORDER BY create_time, id
    """,
    Message,
)

# A position is a time, a group and an id; the condition on the time alone lets the index begin there.
EARLIER_MESSAGES = Query(
    """
    SELECT id, kind, author_id, author_name, body, create_time FROM ticket_message
    WHERE workspace_id = :workspace AND ticket_id = :ticket AND kind = ANY (:kinds::text[])
        AND create_time <= :at AND (create_time, 0, id) < (:at, :group::integer, :id::uuid)
    ORDER BY create_time DESC, id DESC LIMIT :limit
    """,
    Message,
)

NEW_ACTIVITY = Query(
    """
    INSERT INTO ticket_activity (workspace_id, id, ticket_id, kind, actor_name, old_value, new_value, create_time)
    VALUES (:workspace, :id, :ticket, :kind, :user, :old_value, :new_value, :now)
    """,
    NoRows,
    values=NewActivity,
)

# Without the entry that requesters opened their own ticket, because its description shows that.
EARLIER_ACTIVITIES = Query(
    """
    SELECT id, kind, actor_name, old_value, new_value, create_time FROM ticket_activity
    WHERE workspace_id = :workspace AND ticket_id = :ticket AND NOT (kind = 'opened' AND actor_name = :requester)
        AND create_time <= :at AND (create_time, 1, id) < (:at, :group::integer, :id::uuid)
    ORDER BY create_time DESC, id DESC LIMIT :limit
    """,
    Activity,
)

LATEST_STATUS = Query(
    """
    SELECT create_time FROM ticket_activity WHERE workspace_id = :workspace AND ticket_id = :ticket AND kind = 'status'
    ORDER BY create_time DESC LIMIT 1
    """,
    StatusTime,
)

ALL_TAGS = Query("SELECT id, name FROM tag WHERE workspace_id = :workspace ORDER BY name_folded", Tag)

NEW_TAGS = Query(
    """
    INSERT INTO tag (workspace_id, id, name, name_folded, create_time)
    SELECT :workspace, id, name, folded, :now
    FROM unnest(:ids::uuid[], :names::text[], :folded::text[]) AS new (id, name, folded) ORDER BY folded
    ON CONFLICT (workspace_id, name_folded) DO NOTHING
    """,
    NoRows,
)

TAGS_BY_NAME = Query(
    """
    SELECT id, name FROM tag WHERE workspace_id = :workspace AND name_folded = ANY (:folded::text[])
    ORDER BY name_folded
    """,
    Tag,
)

TAGS_OF_TICKET = Query(
    """
    SELECT t.id, t.name FROM ticket_tag tt JOIN tag t ON t.workspace_id = :workspace AND t.id = tt.tag_id
    WHERE tt.workspace_id = :workspace AND tt.ticket_id = :ticket ORDER BY t.name_folded
    """,
    Tag,
)

# The ticket's row repeats the names of its tags, for lists that only show them.
CLEARED_TAGS = Query(
    """
    WITH named AS (
        UPDATE ticket SET tag_names = :names::text[]
        WHERE workspace_id = :workspace AND id = :ticket AND tag_names <> :names
    )
    DELETE FROM ticket_tag WHERE workspace_id = :workspace AND ticket_id = :ticket
    """,
    NoRows,
)

NEW_TICKET_TAGS = Query(
    """
    INSERT INTO ticket_tag (workspace_id, ticket_id, tag_id, status, assignee_id, priority_rank, csat_rating,
                            csat_rated_at, create_time, updated_at)
    SELECT :workspace, t.id, tag_id, t.status, t.assignee_id, t.priority_rank, t.csat_rating, t.csat_rated_at,
           t.create_time, t.updated_at
    FROM ticket t CROSS JOIN unnest(:tags::uuid[]) AS new (tag_id)
    WHERE t.workspace_id = :workspace AND t.id = :ticket ORDER BY tag_id
    """,
    NoRows,
)


async def insert_ticket(tx: Tx, workspace: WorkspaceId, ticket: TicketId, new: NewTicket, audit: Audit) -> Ticket:
    """Gives the ticket the workspace's next number."""
    number = (await NEXT_NUMBER.one(tx, workspace=workspace)).last_number
    values = InsertedTicket.of(ticket, f"TK-{number}", new)
    stored = await NEW_TICKET.one(tx, values, workspace=workspace, now=audit.at, user=audit.by)
    await search_store.insert_part(tx, workspace, ticket, 0, [stored.search_text])
    notify_on_commit(tx, workspace)
    return stored


async def find_ticket(tx: Tx, workspace: WorkspaceId, ref: str) -> Ticket | None:
    return await TICKET_BY_REF.find(tx, workspace=workspace, ref=ref)


async def lock_ticket(tx: Tx, workspace: WorkspaceId, ref: str) -> Ticket | None:
    """The first lock that every change of a ticket takes."""
    return await TICKET_BY_REF_LOCKED.find(tx, workspace=workspace, ref=ref)


async def lock_tickets(tx: Tx, workspace: WorkspaceId, refs: Sequence[str]) -> list[Ticket]:
    """The tickets that exist, in the order of their ids."""
    return await TICKETS_BY_REF_LOCKED.all(tx, workspace=workspace, refs=refs)


async def lock_tickets_to_index(
    tx: Tx, workspace: WorkspaceId, after: UUID, limit: int, *, only_outdated: bool
) -> list[Ticket]:
    """The next tickets after an id, in the order of their ids."""
    return await TICKETS_TO_INDEX.all(tx, workspace=workspace, after=after, limit=limit, only_outdated=only_outdated)


async def set_ticket(tx: Tx, workspace: WorkspaceId, ticket: Ticket, user: str) -> None:
    """Stores every column of a locked ticket that can change."""
    await CHANGED_TICKET.run(tx, UpdatedTicket.of(ticket), workspace=workspace, user=user)
    notify_on_commit(tx, workspace)


async def insert_message(tx: Tx, workspace: WorkspaceId, ticket: TicketId, message: Message) -> Message:
    """Also adds its words to the search index. The caller has locked the ticket."""
    part = await search_store.add_text(tx, workspace, ticket, message.body)
    return await NEW_MESSAGE.one(tx, message, workspace=workspace, ticket=ticket, search_part=part)


async def list_messages(
    tx: Tx, workspace: WorkspaceId, ticket: TicketId, kinds: Sequence[MessageKind] = tuple(MessageKind)
) -> list[Message]:
    """Oldest first. Leave out the kind NOTE for customers."""
    return await MESSAGES.all(tx, workspace=workspace, ticket=ticket, kinds=kinds)


async def list_earlier_messages(
    tx: Tx, workspace: WorkspaceId, ticket: TicketId, kinds: Sequence[MessageKind], before: Position, limit: int
) -> list[Message]:
    """Newest first, before a position of the conversation, in which messages have the group 0."""
    return await EARLIER_MESSAGES.all(
        tx,
        workspace=workspace,
        ticket=ticket,
        kinds=kinds,
        at=before.at,
        group=before.group,
        id=before.id,
        limit=limit,
    )


async def insert_activity(tx: Tx, workspace: WorkspaceId, activity: NewActivity, audit: Audit) -> None:
    await NEW_ACTIVITY.run(tx, activity, workspace=workspace, id=uuid7(), user=audit.by, now=audit.at)


async def list_earlier_activities(
    tx: Tx, workspace: WorkspaceId, ticket: Ticket, before: Position, limit: int
) -> list[Activity]:
    """Newest first, before a position of the conversation, in which activities have the group 1."""
    return await EARLIER_ACTIVITIES.all(
        tx,
        workspace=workspace,
        ticket=ticket.id,
        requester=ticket.requester_name,
        at=before.at,
        group=before.group,
        id=before.id,
        limit=limit,
    )


async def find_status_time(tx: Tx, workspace: WorkspaceId, ticket: TicketId) -> datetime | None:
    """The time of the latest change of the status; None if it never changed."""
    latest = await LATEST_STATUS.find(tx, workspace=workspace, ticket=ticket)
    return latest.create_time if latest else None


async def list_tags(tx: Tx, workspace: WorkspaceId) -> list[Tag]:
    return await ALL_TAGS.all(tx, workspace=workspace)


async def list_ticket_tags(tx: Tx, workspace: WorkspaceId, ticket: TicketId) -> list[Tag]:
    return await TAGS_OF_TICKET.all(tx, workspace=workspace, ticket=ticket)


async def set_tags(
    tx: Tx, workspace: WorkspaceId, ticket: TicketId, names: Mapping[str, str], now: datetime
) -> list[Tag]:
    """Replaces the tags of a locked ticket, and adds the new ones to the workspace; `names` are by sorted folded form.

    Returns the tags as they were first written in the workspace.
    """
    tags = await upsert_tags(tx, workspace, names, now) if names else []
    await CLEARED_TAGS.run(tx, workspace=workspace, ticket=ticket, names=[tag.name for tag in tags])
    if tags:
        await NEW_TICKET_TAGS.run(tx, workspace=workspace, ticket=ticket, tags=[tag.id for tag in tags])
    return tags


async def list_tags_by_name(tx: Tx, workspace: WorkspaceId, folded: Sequence[str]) -> list[Tag]:
    """The tags with these folded names."""
    return await TAGS_BY_NAME.all(tx, workspace=workspace, folded=folded)


async def upsert_tags(tx: Tx, workspace: WorkspaceId, names: Mapping[str, str], now: datetime) -> list[Tag]:
    """The tags with these names, which are by sorted folded form; new ones are added to the workspace."""
    folded, written = list(names), list(names.values())
    ids = [uuid7() for _ in names]
    await NEW_TAGS.run(tx, workspace=workspace, ids=ids, names=written, folded=folded, now=now)
    return await list_tags_by_name(tx, workspace, folded)
