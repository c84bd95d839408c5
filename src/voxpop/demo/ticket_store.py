"""Statements that write past tickets at once: the rows carry their own times. Nothing but the demo uses them."""

from datetime import datetime

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.demo.staff import Agent
from voxpop.types import AccountId, WorkspaceId, normalize_email


class Joined(Struct, frozen=True):
    id: AccountId


class Found(Struct, frozen=True):
    found: bool


ANY_TICKET = Query("SELECT EXISTS (SELECT FROM ticket WHERE workspace_id = $1) AS found", Found)

# Without a password: nobody can sign in as one of them unless mail to their address reaches him.
JOINED = Query("SELECT id FROM join_account($1, $2, $3, $4, false, $5)", Joined)

PAST_MEMBER = Query(
    """
    INSERT INTO member (workspace_id, account_id, role, create_time, create_user, last_update_time, last_update_user)
    VALUES ($1, $2, 'agent', $3, $4, $3, $4) ON CONFLICT (workspace_id, account_id) DO NOTHING
    """,
    NoRows,
)

PAST_COUNTER = Query("INSERT INTO ticket_counter (workspace_id, last_number) VALUES ($1, $2)", NoRows)

PAST_TAGS = Query(
    """
    INSERT INTO tag (workspace_id, id, name, create_time)
    SELECT $1, id, name, at FROM unnest($2::uuid[], $3::text[], $4::timestamptz[]) AS past (id, name, at)
    """,
    NoRows,
)

PAST_TICKETS = Query(
    """
    INSERT INTO ticket (workspace_id, id, ref, subject, description, requester_name, requester_email,
                        requester_email_folded, requester_guid, status, priority, assignee_id, first_response_at,
                        last_reply_at, last_replier_id, resolved_at, csat_rating, csat_comment, csat_rated_at,
                        csat_agent_id, open_survey_id, create_time, updated_at, priority_rank, create_user,
                        last_update_user)
    SELECT $1, * FROM unnest(
        $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
        $11::text[], $12::uuid[], $13::timestamptz[], $14::timestamptz[], $15::uuid[], $16::timestamptz[],
        $17::smallint[], $18::text[], $19::timestamptz[], $20::uuid[], $21::uuid[], $22::timestamptz[],
        $23::timestamptz[], $24::smallint[], $25::text[], $26::text[])
    """,
    NoRows,
)

PAST_MESSAGES = Query(
    """
    INSERT INTO ticket_message (workspace_id, ticket_id, id, kind, author_id, author_name, body, create_time)
    SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::timestamptz[])
    """,
    NoRows,
)

PAST_ACTIVITIES = Query(
    """
    INSERT INTO ticket_activity (workspace_id, ticket_id, id, what, actor_name, old_value, new_value, create_time)
    SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
    """,
    NoRows,
)

# What a ticket's tags repeat of it, and what it repeats of them.
PAST_TAGGED = Query(
    """
    WITH named AS (
        UPDATE ticket SET tag_names = ARRAY(
            SELECT g.name FROM tag g JOIN unnest($2::uuid[], $3::uuid[]) AS past (ticket_id, tag_id)
                ON past.tag_id = g.id
            WHERE g.workspace_id = $1 AND past.ticket_id = ticket.id ORDER BY g.name)
        WHERE workspace_id = $1 AND id = ANY ($2)
    )
    INSERT INTO ticket_tag (workspace_id, ticket_id, tag_id, status, assignee_id, priority_rank, csat_rating,
                            csat_rated_at, create_time, updated_at)
    SELECT $1, t.id, tag_id, t.status, t.assignee_id, t.priority_rank, t.csat_rating, t.csat_rated_at, t.create_time,
           t.updated_at
    FROM unnest($2::uuid[], $3::uuid[]) AS past (ticket_id, tag_id)
    JOIN ticket t ON t.workspace_id = $1 AND t.id = past.ticket_id
    """,
    NoRows,
)

# What a search for its words repeats of it; the words come with blanks between, since unnest would flatten arrays.
PAST_WORDS = Query(
    """
    INSERT INTO ticket_search (workspace_id, ticket_id, requester_email_folded, status, assignee_id, priority_rank,
                               csat_rating, csat_rated_at, create_time, updated_at, words)
    SELECT $1, t.id, t.requester_email_folded, t.status, t.assignee_id, t.priority_rank, t.csat_rating,
           t.csat_rated_at, t.create_time, t.updated_at, words_and_stems(string_to_array(past.words, ' '))
    FROM unnest($2::uuid[], $3::text[]) AS past (ticket_id, words)
    JOIN ticket t ON t.workspace_id = $1 AND t.id = past.ticket_id
    """,
    NoRows,
)

PAST_QUESTIONS = Query(
    """
    INSERT INTO survey (workspace_id, id, survey_type_code, origin, origin_id, guid, user_email, status, scheduled_at,
                        sent_at, completed_at, create_time, last_update_time)
    SELECT $1, id, $2, $3, ticket_id, guid, user_email, status, asked_at, seen_at,
           CASE WHEN status = 'COMPLETED' THEN ended_at END, asked_at, coalesce(ended_at, seen_at, asked_at)
    FROM unnest($4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[],
                $11::timestamptz[])
        AS past (id, ticket_id, guid, user_email, status, asked_at, seen_at, ended_at)
    """,
    NoRows,
)


async def has_tickets(tx: Tx, workspace: WorkspaceId) -> bool:
    return (await ANY_TICKET.one(tx, workspace)).found


async def insert_agent(
    tx: Tx, workspace: WorkspaceId, agent: Agent, account: AccountId, by: tuple[datetime, str]
) -> AccountId:
    """The account of his address, made with the given id where there is none; and his place here. `by`: when, who."""
    joined = await JOINED.one(tx, account, agent.email, normalize_email(agent.email), agent.name, by[0])
    await PAST_MEMBER.run(tx, workspace, joined.id, *by)
    return joined.id


async def insert_counter(tx: Tx, workspace: WorkspaceId, last: int) -> None:
    await PAST_COUNTER.run(tx, workspace, last)
