"""The ratings of all origins: the names in a filter looked up, and changes of what the team says about a rating."""

from datetime import datetime
from typing import TypeVar
from uuid import UUID

from msgspec import UNSET, Struct

from voxpop.dashboards import series_store as store
from voxpop.dashboards.feedback_models import RatingChange, RequestedFeedback
from voxpop.dashboards.models import Kind, SeriesKey
from voxpop.dashboards.viewer import find_only_agent
from voxpop.db.pool import Tx
from voxpop.email_addresses import normalize_email
from voxpop.errors import Invalid
from voxpop.feedback import lists, service
from voxpop.feedback.models import (
    FeedbackChange,
    FeedbackConditions,
    FeedbackFilter,
    FeedbackItem,
    Link,
    LinkKind,
    Source,
)
from voxpop.surveys import survey_types
from voxpop.tickets import service as tickets
from voxpop.types import Actor, Audit, FeedbackId, Origin, WorkspaceId

Value = TypeVar("Value")

SOURCE_OF_KIND = {Kind.FEATURE_PROMPTED: Source.PROMPTED, Kind.FEATURE_VOLUNTARY: Source.VOLUNTARY}


class NothingMatches(Exception):
    """No rating can match a filter, because what it names does not exist."""


async def resolve_filter(tx: Tx, actor: Actor, requested: RequestedFeedback) -> FeedbackFilter | None:
    """The filter with ids instead of names; None if no rating can match. Invalid for an unknown survey type.

    For agents who see no other agent's ratings, those of other agents are as unknown ones.
    """
    if requested.survey_type is not None:
        known = [each.code for each in await survey_types.list_survey_types(tx, actor)]
        if requested.survey_type not in known:
            reason = f"must be a survey type of the workspace: {', '.join(known)}"
            raise Invalid.of("query", "survey_type", reason)
    try:
        wanted = await _resolve(tx, actor.workspace, requested)
    except NothingMatches:
        return None
    only_agent = await find_only_agent(tx, actor)
    agents = {link.target for link in wanted.links if link.kind is LinkKind.AGENT}
    return wanted if only_agent is None or agents <= {only_agent} else None


async def change_rating(
    tx: Tx, actor: Actor, feedback: FeedbackId, change: RatingChange, now: datetime
) -> FeedbackItem:
    """Stores the changes and returns the rating. NotFound for an unknown one, Invalid without a change."""
    if all(getattr(change, field) is UNSET for field in change.__struct_fields__):
        raise Invalid(f"body must have one of {', '.join(change.__struct_fields__)}")
    tags = change.tags
    ids = UNSET if tags is UNSET else [tag.id for tag in await tickets.open_tags(tx, actor.workspace, tags, now)]
    stored = FeedbackChange(change.notes, change.read, change.handled, ids)
    await service.change_feedback(tx, actor.workspace, feedback, stored, Audit(now, actor.name))
    return await lists.get_feedback(tx, actor.workspace, feedback)


async def lock_rating(tx: Tx, actor: Actor, feedback: FeedbackId) -> FeedbackItem:
    """The rating, locked until the end of the transaction. NotFound for an unknown one."""
    await service.lock_feedback(tx, actor.workspace, feedback)
    return await lists.get_feedback(tx, actor.workspace, feedback)


class Narrowed(Struct, frozen=True):
    """The conditions that follow from the series of a filter."""

    origin: Origin | None = None
    origin_id: UUID | None = None
    source: Source | None = None
    link: Link | None = None


async def _resolve(tx: Tx, workspace: WorkspaceId, requested: RequestedFeedback) -> FeedbackFilter:
    links: list[Link] = []
    if requested.agent is not None:
        links.append(Link(LinkKind.AGENT, await _find_agent(tx, workspace, requested.agent)))
    if requested.tag is not None:
        tag = await tickets.find_tag(tx, workspace, requested.tag)
        if tag is None:
            raise NothingMatches
        links.append(Link(LinkKind.LABEL, tag.id))
    narrowed = narrow(workspace, requested.series) if requested.series else Narrowed()
    if narrowed.link:
        links.append(narrowed.link)
    conditions = {name: getattr(requested, name) for name in FeedbackConditions.__struct_fields__}
    return FeedbackFilter(
        **conditions
        | {
            "origin": _both(requested.origin, narrowed.origin),
            "origin_id": _both(requested.origin_id, narrowed.origin_id),
            "source": _both(requested.source, narrowed.source),
        },
        links=links,
    )


def narrow(workspace: WorkspaceId, series: SeriesKey) -> Narrowed:
    """The conditions that a series means. Ratings know most series by their columns; the others have links.

    Raises NothingMatches for another workspace.
    """
    kind = series.kind
    if kind.is_of_workspace and series.id != workspace:
        raise NothingMatches
    if kind is Kind.WORKSPACE:
        return Narrowed()
    if kind is Kind.CAMPAIGN:
        return Narrowed(Origin.CAMPAIGN, series.id)
    if kind in (Kind.FEATURE, *SOURCE_OF_KIND):
        return Narrowed(Origin.FEATURE, series.id, SOURCE_OF_KIND.get(kind))
    return Narrowed(link=Link(LinkKind(kind), series.id))


def _both(one: Value | None, other: Value | None) -> Value | None:
    if one is not None and other is not None and one != other:
        raise NothingMatches
    return other if one is None else one


async def _find_agent(tx: Tx, workspace: WorkspaceId, id_or_email: str) -> UUID:
    try:
        return UUID(id_or_email)
    except ValueError:
        found = await store.find_account(tx, workspace, normalize_email(id_or_email))
    if found is None:
        raise NothingMatches
    return found
