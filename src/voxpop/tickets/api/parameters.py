"""The query parameters of ticket lists in the API, read into a filter and a sort."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromQuery
from msgspec import Meta

from voxpop.db.pool import Tx
from voxpop.email_addresses import normalize_email
from voxpop.errors import Invalid
from voxpop.search_text import MAX_QUERY_WORDS, parse_query
from voxpop.tickets import assignees
from voxpop.tickets.limits import MAX_EMAIL, MAX_FILTER, MAX_TAG
from voxpop.tickets.lists.filters import NO_ASSIGNEE, UNRESOLVED, Rating, TicketFilter
from voxpop.tickets.lists.models import Sort, SortKey
from voxpop.tickets.models import Priority, Status
from voxpop.types import AccountId, WorkspaceId
from voxpop.web.validation_errors import from_validation_error

AnyRequest: TypeAlias = Request[Any, Any, Any]


class StatusParameter(StrEnum):
    """A status, or `unresolved` for Open and In progress."""

    OPEN = "Open"
    IN_PROGRESS = "In progress"
    RESOLVED = "Resolved"
    CLOSED = "Closed"
    UNRESOLVED = "unresolved"

    @property
    def statuses(self) -> tuple[Status, ...]:
        return UNRESOLVED if self is StatusParameter.UNRESOLVED else (Status(self),)


class Direction(StrEnum):
    """The direction of a sort."""

    DESC = "desc"
    ASC = "asc"


def bounds(limit: int, description: str | None, example: str) -> Any:
    """A text parameter with its maximum length."""
    return Meta(max_length=limit, description=description, examples=[example])


UPDATED_SINCE = Meta(
    max_length=40,
    description="An instant, or a day in UTC",
    examples=["2026-11-01T00:00:00Z"],
    extra_json_schema={"anyOf": [{"format": "date-time"}, {"format": "date"}]},
)


@dataclass(frozen=True)
class FilterParameters:
    """The filters as query parameters, with their bounds. An empty text is no filter."""

    status: FromQuery[
        Annotated[list[StatusParameter], Meta(description="One or several", examples=[["Open"]])] | None
    ] = None
    priority: FromQuery[Annotated[Priority, Meta(examples=["High"])] | None] = None
    rating: FromQuery[Annotated[Rating, Meta(examples=["1-2"])] | None] = None
    updated_since: FromQuery[Annotated[str, UPDATED_SINCE] | None] = None
    assignee: FromQuery[
        Annotated[str, bounds(MAX_EMAIL, "A member's account id or email address, or `none`", "none")] | None
    ] = None
    tag: FromQuery[Annotated[str, bounds(MAX_TAG, None, "billing")] | None] = None
    requester: FromQuery[
        Annotated[str, bounds(MAX_EMAIL, "An email address, in any case", "ann@example.com")] | None
    ] = None
    q: FromQuery[
        Annotated[str, bounds(MAX_FILTER, f"Words that the ticket has, at most {MAX_QUERY_WORDS}", "export stops")]
        | None
    ] = None

    async def to_filter(self, tx: Tx, workspace: WorkspaceId) -> TicketFilter:
        """The filter. Invalid for an assignee who never was a member, an unreadable time, and too many words."""
        unassigned = self.assignee == NO_ASSIGNEE
        return TicketFilter(
            statuses=tuple(dict.fromkeys(status for each in self.status or () for status in each.statuses)),
            assignee=await _find_assignee(tx, workspace, self.assignee) if self.assignee and not unassigned else None,
            unassigned=unassigned,
            priority=self.priority,
            tag=self.tag or None,
            rating=self.rating,
            requester=normalize_email(self.requester) if self.requester else None,
            updated_since=None if self.updated_since is None else parse_instant("updated_since", self.updated_since),
            text=_check_words(self.q) if self.q else None,
        )


def provide_filter(request: AnyRequest, parameters: NamedDependency[FilterParameters]) -> FilterParameters:
    """The parameters within their bounds, which Litestar does not check for optional parameters."""
    check_once(request, *(each.name for each in fields(parameters) if each.name != "status"))
    try:
        return msgspec.convert(vars(parameters), FilterParameters)
    except msgspec.ValidationError as error:
        raise from_validation_error(error, "query") from error


def provide_sort(
    request: AnyRequest,
    sort: FromQuery[
        Annotated[SortKey, Meta(description="Ties by the latest; unrated tickets are last")]
    ] = SortKey.UPDATED,
    direction: FromQuery[Direction] = Direction.DESC,
) -> Sort:
    check_once(request, "sort", "direction")
    return Sort(sort, descending=direction is Direction.DESC)


def check_once(request: AnyRequest, *names: str) -> None:
    """Invalid for a parameter that is given twice but is no list."""
    for name in names:
        if len(request.query_params.getall(name, [])) > 1:
            raise Invalid.of("query", name, "must be given once")


def parse_instant(name: str, text: str) -> datetime:
    """A time in ISO-8601, or a day in UTC; Invalid, with the parameter's name, for anything else."""
    try:
        time = datetime.fromisoformat(text.strip().replace(" ", "+"))
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid.of("query", name, "must be an instant like 2026-11-01T00:00:00Z") from None


def _check_words(text: str) -> str:
    """The text to search for; Invalid where it has too many words, because a search without some would mislead."""
    if left_out := parse_query(text).left_out:
        reason = f"must have at most {MAX_QUERY_WORDS} different words; too many are {', '.join(left_out)}"
        raise Invalid.of("query", "q", reason)
    return text


async def _find_assignee(tx: Tx, workspace: WorkspaceId, id_or_email: str) -> AccountId:
    """The account. An id is not looked up, because former members still have tickets."""
    try:
        return AccountId(UUID(id_or_email))
    except ValueError:
        member = await assignees.find_assignee(tx, workspace, id_or_email)
    if member is None:
        raise Invalid.of("query", "assignee", "must be a member of the workspace, or none")
    return member.account_id
