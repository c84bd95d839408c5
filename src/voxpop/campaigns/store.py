"""Statements on campaigns and on the events that could not be used."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from voxpop.campaigns.models import Asked, Campaign, CampaignFilter, CampaignPlan, DeadLetter, Event
from voxpop.cursors import Position
from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.types import CampaignId, SurveyId, WorkspaceId, uuid7


class Count(Struct, frozen=True):
    count: int


class Running(Struct, frozen=True):
    """A campaign as an event finds it."""

    id: CampaignId
    trigger_type: str
    survey_type_code: str
    delay_hours: int


class Opened(Struct, frozen=True):
    id: SurveyId


_CAMPAIGN = """id, name, survey_type_code, trigger_type, delay_hours, active, start_date, end_date,
        create_time, create_user, last_update_time, last_update_user"""

NEW_CAMPAIGN = Query(
    f"""
    INSERT INTO campaign (workspace_id, id, name, name_folded, survey_type_code, trigger_type, delay_hours, active,
                          start_date, end_date, create_time, create_user, last_update_time, last_update_user)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $11, $12) RETURNING {_CAMPAIGN}
    """,
    Campaign,
)

CAMPAIGN_BY_ID = Query(
    f"SELECT {_CAMPAIGN} FROM campaign WHERE workspace_id = $1 AND id = $2 AND NOT deleted", Campaign
)

LOCKED_CAMPAIGN = Query(f"{CAMPAIGN_BY_ID.sql} FOR UPDATE", Campaign)

REPLACED_CAMPAIGN = Query(
    f"""
    UPDATE campaign SET name = $3, name_folded = $4, survey_type_code = $5, trigger_type = $6, delay_hours = $7,
        active = $8, start_date = $9, end_date = $10, last_update_time = $11, last_update_user = $12
    WHERE workspace_id = $1 AND id = $2 AND NOT deleted RETURNING {_CAMPAIGN}
    """,
    Campaign,
)

DELETED_CAMPAIGN = Query(
    """
    UPDATE campaign SET deleted = true, last_update_time = $3, last_update_user = $4
    WHERE workspace_id = $1 AND id = $2 AND NOT deleted
    """,
    NoRows,
)

CAMPAIGNS = Query(
    f"""
    SELECT {_CAMPAIGN} FROM campaign
    WHERE workspace_id = $1 AND NOT deleted
        AND ($2::text IS NULL OR position($2 IN name_folded) > 0)
        AND ($3::text IS NULL OR survey_type_code = $3)
        AND ($4::text IS NULL OR trigger_type = $4)
        AND ($5::boolean IS NULL OR active = $5)
        AND ($6::timestamptz IS NULL OR start_date >= $6) AND ($7::timestamptz IS NULL OR start_date <= $7)
        AND ($8::timestamptz IS NULL OR end_date >= $8) AND ($9::timestamptz IS NULL OR end_date <= $9)
    ORDER BY create_time DESC, id DESC LIMIT $10 OFFSET $11
    """,
    Campaign,
)

SURVEY_COUNT = Query(
    "SELECT count(*) AS count FROM (SELECT FROM survey WHERE workspace_id = $1 AND campaign_id = $2 LIMIT 1) AS any_of",
    Count,
)

# Locked against another survey type, which would otherwise come between reading it and asking.
RUNNING = Query(
    """
    SELECT id, trigger_type, survey_type_code, delay_hours FROM campaign
    WHERE workspace_id = $1 AND trigger_type = ANY ($2::text[])
        AND active AND NOT deleted AND start_date <= $3 AND (end_date IS NULL OR end_date >= $3)
    ORDER BY id FOR KEY SHARE
    """,
    Running,
)

# Which of these surveys are new? Where there is one of the campaign for the context, there is no other.
NEW_ASKS = Query(
    """
    INSERT INTO survey (workspace_id, id, survey_type_code, origin, origin_id, campaign_id, guid, context_type,
                        context_id, context_date, scheduled_at, create_time, last_update_time)
    SELECT $1, id, code, 'campaign', campaign_id, campaign_id, guid, context_type, context_id, date,
           $10::timestamptz + make_interval(hours => delay_hours), $10, $10
    FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::int[], $6::text[], $7::text[], $8::text[], $9::date[])
        AS new (id, campaign_id, code, delay_hours, guid, context_type, context_id, date)
    ORDER BY campaign_id, context_id COLLATE "C"
    ON CONFLICT (workspace_id, campaign_id, context_id) WHERE campaign_id IS NOT NULL DO NOTHING
    RETURNING id
    """,
    Opened,
)

NEW_DEAD_EVENTS = Query(
    """
    INSERT INTO dead_letter (workspace_id, id, topic, "partition", "offset", reason, message, named_workspace,
                            create_time)
    SELECT $1, id, topic, place, seat, reason, message, named, $9
    FROM unnest($2::uuid[], $3::text[], $4::int[], $5::bigint[], $6::text[], $7::bytea[], $8::text[])
        AS new (id, topic, place, seat, reason, message, named)
    ORDER BY topic, place, seat
    ON CONFLICT (workspace_id, topic, "partition", "offset") DO NOTHING
    """,
    NoRows,
)

_DEAD = 'id, topic, "partition", "offset", reason, message, create_time, replayed_at, named_workspace'

DEAD_BEFORE = Query(
    f"""
    SELECT {_DEAD} FROM dead_letter WHERE workspace_id = $1 AND (create_time, id) < ($2, $3)
    ORDER BY create_time DESC, id DESC LIMIT $4
    """,
    DeadLetter,
)

DEAD_BY_ID = Query(f"SELECT {_DEAD} FROM dead_letter WHERE workspace_id = $1 AND id = $2 FOR UPDATE", DeadLetter)

REPLAYED = Query("UPDATE dead_letter SET replayed_at = $3 WHERE workspace_id = $1 AND id = $2", NoRows)

PRUNED_DEAD = Query(
    """
    DELETE FROM dead_letter WHERE workspace_id = $1 AND id = ANY (ARRAY(
        SELECT id FROM dead_letter WHERE workspace_id = $1 AND create_time < $2 LIMIT $3))
    """,
    NoRows,
)


async def insert_campaign(
    tx: Tx, workspace: WorkspaceId, ident: CampaignId, plan: CampaignPlan, by: tuple[datetime, str]
) -> Campaign:
    """`by`: when and who."""
    return await NEW_CAMPAIGN.one(tx, workspace, ident, *_values(plan), *by)


async def find_campaign(tx: Tx, workspace: WorkspaceId, ident: CampaignId) -> Campaign | None:
    return await CAMPAIGN_BY_ID.find(tx, workspace, ident)


async def lock_campaign(tx: Tx, workspace: WorkspaceId, ident: CampaignId) -> Campaign | None:
    """Until the end of the transaction no survey of it is made and nobody else changes it."""
    return await LOCKED_CAMPAIGN.find(tx, workspace, ident)


async def replace_campaign(
    tx: Tx, workspace: WorkspaceId, ident: CampaignId, plan: CampaignPlan, by: tuple[datetime, str]
) -> Campaign:
    return await REPLACED_CAMPAIGN.one(tx, workspace, ident, *_values(plan), *by)


async def delete_campaign(tx: Tx, workspace: WorkspaceId, ident: CampaignId, by: tuple[datetime, str]) -> bool:
    """False where there is none that is not deleted; the row stays."""
    return await DELETED_CAMPAIGN.run(tx, workspace, ident, *by) == 1


async def list_campaigns(
    tx: Tx, workspace: WorkspaceId, wanted: CampaignFilter, limit: int | None, offset: int
) -> list[Campaign]:
    """Newest first; no limit for None."""
    folded = None if wanted.name_part is None else wanted.name_part.casefold()
    criteria = [getattr(wanted, field) for field in wanted.__struct_fields__[1:]]
    return await CAMPAIGNS.all(tx, workspace, folded, *criteria, limit, offset)


async def has_surveys(tx: Tx, workspace: WorkspaceId, ident: CampaignId) -> bool:
    return (await SURVEY_COUNT.one(tx, workspace, ident)).count > 0


async def insert_asked(tx: Tx, workspace: WorkspaceId, events: Sequence[Event], now: datetime) -> list[Asked]:
    """One row for each event and running campaign of its type; of events with the same context the first asks."""
    running = await RUNNING.all(tx, workspace, sorted({event.type for event in events}), now)
    pairs = [(place, one) for place, event in enumerate(events) for one in running if one.trigger_type == event.type]
    if not pairs:
        return []
    asks: dict[tuple[CampaignId, str], tuple[int, SurveyId, Running]] = {}
    for place, campaign in pairs:
        asks.setdefault((campaign.id, events[place].context_id), (place, SurveyId(uuid7()), campaign))
    rows = [_ask(survey, campaign, events[place]) for place, survey, campaign in asks.values()]
    opened = {one.id for one in await NEW_ASKS.all(tx, workspace, *zip(*rows, strict=True), now)}
    new = {(place, campaign.id): survey for place, survey, campaign in asks.values() if survey in opened}
    return [Asked(place, campaign.id, new.get((place, campaign.id))) for place, campaign in pairs]


async def insert_dead_letters(tx: Tx, workspace: WorkspaceId, dead: Sequence[DeadLetter], now: datetime) -> None:
    """Those whose place in the topic is stored already are passed over."""
    columns = zip(
        *((d.id, d.topic, d.partition, d.offset, d.reason, d.message, d.named_workspace) for d in dead), strict=True
    )
    await NEW_DEAD_EVENTS.run(tx, workspace, *columns, now)


async def list_dead_letters(tx: Tx, workspace: WorkspaceId, before: Position, limit: int) -> list[DeadLetter]:
    """Newest first."""
    return await DEAD_BEFORE.all(tx, workspace, before.at, before.id, limit)


async def find_dead_letter(tx: Tx, workspace: WorkspaceId, ident: UUID) -> DeadLetter | None:
    return await DEAD_BY_ID.find(tx, workspace, ident)


async def set_replayed(tx: Tx, workspace: WorkspaceId, ident: UUID, now: datetime) -> None:
    await REPLAYED.run(tx, workspace, ident, now)


async def delete_dead_letters(tx: Tx, workspace: WorkspaceId, before: datetime, most: int) -> int:
    """How many, no more than `most`."""
    return await PRUNED_DEAD.run(tx, workspace, before, most)


def _ask(survey: SurveyId, campaign: Running, event: Event) -> tuple[object, ...]:
    head = survey, campaign.id, campaign.survey_type_code, campaign.delay_hours
    return *head, event.guid, event.context_type, event.context_id, event.date


def _values(plan: CampaignPlan) -> tuple[object, ...]:
    rest = (getattr(plan, field) for field in plan.__struct_fields__[1:])
    return plan.name, plan.name.casefold(), *rest
