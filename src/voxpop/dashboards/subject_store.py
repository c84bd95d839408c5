"""Statements on what ratings are about: a ticket, a feature, or the order or ticket of a campaign's survey."""

from collections.abc import Sequence

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import Query
from voxpop.feedback.models import FeedbackItem
from voxpop.types import FeedbackId, WorkspaceId


class Subject(Struct, frozen=True):
    """What a rating is about. `ticket` is a reference; `name` is its subject, or that of the feature or campaign."""

    id: FeedbackId
    ticket: str | None
    order_id: str | None
    name: str | None


class TagName(Struct, frozen=True):
    name: str


# One row for each rating. The context of a survey is a text of the caller, so it may name no ticket of ours.
SUBJECTS = Query(
    """
    SELECT k.id, coalesce(t.ref, u.ref) AS ticket,
           CASE WHEN s.context_type = 'ORDER' THEN s.context_id END AS order_id,
           coalesce(t.subject, u.subject, f.name, c.name) AS name
    FROM unnest(:ids::uuid[], :origins::text[], :origin_ids::uuid[], :survey_ids::uuid[])
        AS k (id, origin, origin_id, survey_id)
    LEFT JOIN ticket t ON k.origin = 'ticket' AND t.workspace_id = :workspace AND t.id = k.origin_id
    LEFT JOIN feature f ON k.origin = 'feature' AND f.workspace_id = :workspace AND f.id = k.origin_id
    LEFT JOIN campaign c ON k.origin = 'campaign' AND c.workspace_id = :workspace AND c.id = k.origin_id
    LEFT JOIN survey s ON k.origin = 'campaign' AND s.workspace_id = :workspace AND s.id = k.survey_id
    LEFT JOIN ticket u ON s.context_type = 'TICKET' AND u.workspace_id = :workspace AND u.ref = s.context_id
    """,
    Subject,
)

# The names that a field for tags suggests.
TAG_NAMES = Query("SELECT name FROM tag WHERE workspace_id = :workspace ORDER BY name_folded LIMIT 1000", TagName)


async def list_subjects(tx: Tx, workspace: WorkspaceId, ratings: Sequence[FeedbackItem]) -> list[Subject]:
    """One row for each rating."""
    return await SUBJECTS.all(
        tx,
        workspace=workspace,
        ids=[each.id for each in ratings],
        origins=[each.origin for each in ratings],
        origin_ids=[each.origin_id for each in ratings],
        survey_ids=[each.survey_id for each in ratings],
    )


async def list_tag_names(tx: Tx, workspace: WorkspaceId) -> list[str]:
    """By name, a thousand at most."""
    return [tag.name for tag in await TAG_NAMES.all(tx, workspace=workspace)]
