"""Statements of inbox pages: the numbers beside their links, and which tickets have changed since a page was loaded."""

from datetime import datetime

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import Query
from voxpop.types import AccountId, WorkspaceId


class ChangedTicket(Struct, frozen=True):
    """A ticket that changed, and when it last did."""

    id: str
    at: datetime


class UnresolvedCount(Struct, frozen=True):
    """The number of unresolved tickets."""

    unresolved: int


class BuiltInCounts(Struct, frozen=True):
    """The number of tickets in each of `BUILT_IN_VIEWS`, in their order; counted no further than a limit."""

    unresolved: int
    mine: int
    unassigned: int
    low_ratings: int


def _count(condition: str) -> str:
    return f"""(SELECT count(*)::int FROM (
        SELECT FROM ticket WHERE workspace_id = :workspace AND {condition} LIMIT :limit) AS matching)"""


_UNRESOLVED = "status IN ('Open', 'In progress')"
UNRESOLVED_COUNT = Query(f"SELECT {_count(_UNRESOLVED)} AS unresolved", UnresolvedCount)

# One statement with a plan of its own. The counts of saved views are planned with their values each time.
BUILT_IN_COUNTS = Query(
    f"""
    SELECT {_count(_UNRESOLVED)} AS unresolved,
           {_count(f"{_UNRESOLVED} AND assignee_id = :account::uuid")} AS mine,
           {_count(f"{_UNRESOLVED} AND assignee_id IS NULL")} AS unassigned,
           {_count("csat_rating IN (1, 2)")} AS low_ratings
    """,
    BuiltInCounts,
)

CHANGED_TICKETS = Query(
    """
    SELECT ref AS id, updated_at AS at FROM ticket WHERE workspace_id = :workspace AND updated_at > :since
    ORDER BY updated_at DESC, id DESC LIMIT :limit
    """,
    ChangedTicket,
)


async def count_unresolved(tx: Tx, workspace: WorkspaceId, limit: int) -> int:
    return (await UNRESOLVED_COUNT.one(tx, workspace=workspace, limit=limit)).unresolved


async def count_built_in_views(tx: Tx, workspace: WorkspaceId, account: AccountId, limit: int) -> BuiltInCounts:
    """For the member with this account."""
    return await BUILT_IN_COUNTS.one(tx, workspace=workspace, account=account, limit=limit)


async def list_changed_tickets(tx: Tx, workspace: WorkspaceId, since: datetime, limit: int) -> list[ChangedTicket]:
    """The tickets that changed after a time, the latest first."""
    return await CHANGED_TICKETS.all(tx, workspace=workspace, since=since, limit=limit)
