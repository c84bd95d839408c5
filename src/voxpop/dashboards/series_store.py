"""Statements on the names of series, which belong to the workspace, campaigns, features, agents and tags."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from voxpop.dashboards.models import SeriesKey
from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.types import AccountId, Audit, WorkspaceId


class SeriesNameRow(Struct):
    """A series with its name; None for an unknown one."""

    kind: str
    id: UUID
    name: str | None
    survey_type: str | None


class BadgeRow(Struct):
    kind: str
    id: UUID


class Found(Struct):
    found: bool


class AccountRow(Struct):
    id: AccountId


# The names of these series, and the survey type of a campaign. Deleted campaigns and former members have them too.
SERIES_NAMES = Query(
    """
    SELECT k.kind, k.id, coalesce(c.name, p.name, f.name, m.name, t.name, w.name) AS name,
           c.survey_type_code AS survey_type
    FROM unnest(:kinds::text[], :ids::uuid[]) AS k (kind, id)
    LEFT JOIN campaign c ON k.kind = 'campaign' AND c.workspace_id = :workspace AND c.id = k.id
    LEFT JOIN product p ON k.kind = 'product' AND p.workspace_id = :workspace AND p.id = k.id
    LEFT JOIN feature f ON k.kind IN ('feature', 'feature_prompted', 'feature_voluntary')
        AND f.workspace_id = :workspace AND f.id = k.id
    LEFT JOIN member m ON k.kind = 'agent' AND m.workspace_id = :workspace AND m.account_id = k.id
    LEFT JOIN tag t ON k.kind = 'tag' AND t.workspace_id = :workspace AND t.id = k.id
    LEFT JOIN (SELECT id, name FROM workspace WHERE id = :workspace) w
        ON k.kind IN ('workspace', 'tickets') AND w.id = k.id
    """,
    SeriesNameRow,
)


# The account of a present or former member by its address.
ACCOUNT_BY_EMAIL = Query(
    """
    SELECT account_id AS id FROM member WHERE workspace_id = :workspace AND email_folded = :email
    """,
    AccountRow,
)


NEW_BADGE = Query(
    """
    INSERT INTO series_badge (workspace_id, series_kind, series_id, create_time, create_user)
    VALUES (:workspace, :kind, :id, :at, :by) ON CONFLICT DO NOTHING
    """,
    NoRows,
)

OLD_BADGE = Query(
    "DELETE FROM series_badge WHERE workspace_id = :workspace AND series_kind = :kind AND series_id = :id", NoRows
)

BADGES = Query(
    "SELECT series_kind AS kind, series_id AS id FROM series_badge WHERE workspace_id = :workspace", BadgeRow
)

BADGE = Query(
    """
    SELECT EXISTS (
        SELECT FROM series_badge WHERE workspace_id = :workspace AND series_kind = :kind AND series_id = :id) AS found
    """,
    Found,
)


async def list_badges(tx: Tx, workspace: WorkspaceId) -> list[BadgeRow]:
    """The series whose badge is public."""
    return await BADGES.all(tx, workspace=workspace)


async def list_series_names(tx: Tx, workspace: WorkspaceId, keys: Sequence[SeriesKey]) -> list[SeriesNameRow]:
    """One row for each series; the name is None for an unknown one."""
    kinds, ids = [key.kind for key in keys], [key.id for key in keys]
    return await SERIES_NAMES.all(tx, workspace=workspace, kinds=kinds, ids=ids)


async def find_series(tx: Tx, workspace: WorkspaceId, key: SeriesKey) -> SeriesNameRow | None:
    """None for an unknown series."""
    row = await SERIES_NAMES.one(tx, workspace=workspace, kinds=[key.kind], ids=[key.id])
    return None if row.name is None else row


async def find_account(tx: Tx, workspace: WorkspaceId, email: str) -> AccountId | None:
    """The account of a present or former member; `email` is normalized."""
    row = await ACCOUNT_BY_EMAIL.find(tx, workspace=workspace, email=email)
    return None if row is None else row.id


async def insert_badge(tx: Tx, workspace: WorkspaceId, key: SeriesKey, audit: Audit) -> None:
    """A badge that is public already stays as it is."""
    await NEW_BADGE.run(tx, audit, workspace=workspace, kind=key.kind, id=key.id)


async def delete_badge(tx: Tx, workspace: WorkspaceId, key: SeriesKey) -> None:
    await OLD_BADGE.run(tx, workspace=workspace, kind=key.kind, id=key.id)


async def badge_exists(tx: Tx, workspace: WorkspaceId, key: SeriesKey) -> bool:
    return (await BADGE.one(tx, workspace=workspace, kind=key.kind, id=key.id)).found
