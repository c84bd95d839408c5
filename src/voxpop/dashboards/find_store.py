"""Statements on what "Find" finds by name: campaigns, products, features, members and customers."""

from uuid import UUID

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import Query
from voxpop.types import WorkspaceId


class NamedRow(Struct, frozen=True):
    """Something with a name. `detail`: the product of a feature, the address of a member, the type of a campaign."""

    kind: str
    id: UUID
    name: str
    detail: str


class EmailRow(Struct, frozen=True):
    """The address of a customer, in the form that is compared."""

    email: str


# A workspace has few of them, and names are compared in every script, so the caller picks those that match.
NAMES = Query(
    """
    SELECT 'campaign' AS kind, id, name, survey_type_code AS detail FROM campaign
    WHERE workspace_id = :workspace AND NOT deleted
    UNION ALL SELECT 'product', id, name, key FROM product WHERE workspace_id = :workspace
    UNION ALL SELECT 'feature', f.id, f.name, p.name FROM feature f
        JOIN product p ON p.workspace_id = :workspace AND p.id = f.product_id WHERE f.workspace_id = :workspace
    UNION ALL SELECT 'member', account_id, name, email FROM member
        WHERE workspace_id = :workspace AND removed_at IS NULL
    """,
    NamedRow,
)

# The addresses of requesters that begin with a text. Each step reads one entry of the index, however many tickets one
# customer has.
CUSTOMERS = Query(
    """
    WITH RECURSIVE found AS (
        (SELECT requester_email_folded AS email, 1 AS number FROM ticket
         WHERE workspace_id = :workspace AND requester_email_folded >= :first AND requester_email_folded < :end
         ORDER BY requester_email_folded LIMIT 1)
        UNION ALL
        SELECT (SELECT t.requester_email_folded FROM ticket t
                WHERE t.workspace_id = :workspace AND t.requester_email_folded > found.email
                    AND t.requester_email_folded < :end
                ORDER BY t.requester_email_folded LIMIT 1), number + 1
        FROM found WHERE email IS NOT NULL AND number < :limit
    )
    SELECT email FROM found WHERE email IS NOT NULL
    """,
    EmailRow,
)


async def list_names(tx: Tx, workspace: WorkspaceId) -> list[NamedRow]:
    """All campaigns, products, features and present members."""
    return await NAMES.all(tx, workspace=workspace)


async def list_customers(tx: Tx, workspace: WorkspaceId, prefix: str, limit: int) -> list[str]:
    """The first addresses of requesters that begin with a normalized text."""
    rows = await CUSTOMERS.all(tx, workspace=workspace, first=prefix, end=f"{prefix}\U0010ffff", limit=limit)
    return [row.email for row in rows]
