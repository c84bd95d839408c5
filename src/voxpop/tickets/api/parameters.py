"""The query parameters of lists of tickets, read into a filter and a sort."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request
from litestar.params import FromQuery
from msgspec import Meta, Struct
from msgspec.structs import replace

from voxpop.db.pool import Tx
from voxpop.errors import FieldError, Invalid
from voxpop.tickets import assignees
from voxpop.tickets.lists.models import UNRESOLVED, Rating, Sort, SortKey, TicketFilter
from voxpop.tickets.models import Priority, Status
from voxpop.types import AccountId, WorkspaceId, folded
from voxpop.web.validation_errors import from_validation_error

AnyRequest: TypeAlias = Request[Any, Any, Any]

NOBODY = "none"


class StatusWord(StrEnum):
    """A status, or all that agents still have to do something about: Open and In progress."""

    OPEN = "Open"
    IN_PROGRESS = "In progress"
    RESOLVED = "Resolved"
    CLOSED = "Closed"
    UNRESOLVED = "unresolved"

    @property
    def statuses(self) -> tuple[Status, ...]:
        return UNRESOLVED if self is StatusWord.UNRESOLVED else (Status(self),)


class Direction(StrEnum):
    DESC = "desc"
    ASC = "asc"


StatusParam = FromQuery[Annotated[list[StatusWord], Meta(description="One or several", examples=[["Open"]])] | None]
PriorityParam = FromQuery[Annotated[Priority, Meta(examples=["High"])] | None]
RatingParam = FromQuery[Annotated[Rating, Meta(examples=["1-2"])] | None]
SinceParam = FromQuery[
    Annotated[str, Meta(max_length=40, description="An instant", examples=["2026-11-01T00:00:00Z"])] | None
]
AssigneeParam = FromQuery[
    Annotated[str, Meta(max_length=254, description="A member's account id or address, or `none`", examples=["none"])]
    | None
]
TagParam = FromQuery[Annotated[str, Meta(max_length=200, examples=["billing"])] | None]
RequesterParam = FromQuery[
    Annotated[str, Meta(max_length=254, description="An address, whatever its case", examples=["ann@example.com"])]
    | None
]
WordsParam = FromQuery[
    Annotated[str, Meta(max_length=200, description="Words that all stand in it", examples=["export stops"])] | None
]
SortParam = FromQuery[Annotated[SortKey, Meta(description="Ties by the latest; unrated tickets are last")]]
DirectionParam = FromQuery[Direction]


class People(Struct, frozen=True):
    """The half of the criteria that name somebody or something, within their bounds."""

    assignee: Annotated[str, Meta(max_length=254)] | None
    tag: Annotated[str, Meta(max_length=200)] | None
    requester: Annotated[str, Meta(max_length=254)] | None
    q: Annotated[str, Meta(max_length=200)] | None


def provide_state(
    request: AnyRequest,
    status: StatusParam = None,
    priority: PriorityParam = None,
    rating: RatingParam = None,
    updated_since: SinceParam = None,
) -> TicketFilter:
    """The half of the criteria that any list has."""
    check_once(request, "priority", "rating", "updated_since")
    statuses = dict.fromkeys(one for word in status or () for one in word.statuses)
    since = None if updated_since is None else read_instant("updated_since", updated_since)
    return TicketFilter(tuple(statuses), priority=priority, rating=rating, updated_since=since)


def provide_people(
    request: AnyRequest,
    assignee: AssigneeParam = None,
    tag: TagParam = None,
    requester: RequesterParam = None,
    q: WordsParam = None,
) -> People:
    """What is empty is no criterion."""
    check_once(request, *People.__struct_fields__)
    given = {"assignee": assignee or None, "tag": tag or None, "requester": requester or None, "q": q or None}
    try:
        return msgspec.convert(given, People)
    except msgspec.ValidationError as error:
        raise from_validation_error(error, "query") from error


def provide_sort(
    request: AnyRequest, sort: SortParam = SortKey.UPDATED, direction: DirectionParam = Direction.DESC
) -> Sort:
    check_once(request, "sort", "direction")
    return Sort(sort, descending=direction is Direction.DESC)


def check_once(request: AnyRequest, *names: str) -> None:
    """Invalid for a parameter given twice that is no list."""
    for name in names:
        if len(request.query_params.getall(name, [])) > 1:
            raise Invalid(f"query/{name} must be given once", details=[FieldError(name, "must be given once")])


async def read_filter(tx: Tx, workspace: WorkspaceId, state: TicketFilter, people: People) -> TicketFilter:
    """Both halves; an assignee whom the workspace has never had is Invalid."""
    unassigned = people.assignee == NOBODY
    assignee = None
    if people.assignee is not None and not unassigned:
        assignee = await _assignee(tx, workspace, people.assignee)
    requester = None if people.requester is None else folded(people.requester)
    return replace(state, assignee=assignee, unassigned=unassigned, tag=people.tag, requester=requester, text=people.q)


def read_instant(name: str, text: str) -> datetime:
    """A moment as ISO-8601 has it, or a day in UTC; Invalid, naming the parameter, for anything else."""
    try:
        moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        reason = "must be an instant like 2026-11-01T00:00:00Z"
        raise Invalid(f"query/{name} {reason}", details=[FieldError(name, reason)]) from None


async def _assignee(tx: Tx, workspace: WorkspaceId, named: str) -> AccountId:
    """An id is taken as it is, since who has left has tickets still."""
    try:
        return AccountId(UUID(named))
    except ValueError:
        member = await assignees.find_assignee(tx, workspace, named)
    if member is None:
        reason = "must be a member of the workspace, or none"
        raise Invalid(f"query/assignee {reason}", details=[FieldError("assignee", reason)])
    return member.account_id
