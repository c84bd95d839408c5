"""The API of tickets: lists, the CSV export, and the actions on a ticket."""

from typing import Annotated, Any

from litestar import Request, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream
from msgspec import Meta

from voxpop import idempotency
from voxpop.accounts import members
from voxpop.auth.dependencies import CurrentActor, Transaction
from voxpop.auth.guards import requires_scope
from voxpop.db.csv_sql import CsvFormat, Delimiter
from voxpop.db.pool import Database, Tx
from voxpop.hosts import workspace_url
from voxpop.idempotency import IdempotencyKeyReused, IdempotentRequest
from voxpop.tickets import assignees, changes, service, store
from voxpop.tickets.api.parameters import FilterParameters, provide_filter, provide_sort
from voxpop.tickets.api.schemas import MessageOut, NewReply, NewTicketBody, TicketChange, TicketDetails, TicketOut
from voxpop.tickets.lists import service as lists
from voxpop.tickets.lists.export import export
from voxpop.tickets.lists.models import Sort
from voxpop.tickets.models import Author
from voxpop.types import Actor, Scope, WorkspaceId, utcnow
from voxpop.web.downloads import download
from voxpop.web.headers import IdempotencyKey
from voxpop.web.paging import Cursor, Limit, Page
from voxpop.workspaces import service as workspaces

TAG = ["Tickets"]

RefPath = FromPath[Annotated[str, Meta(description="The ticket's reference", examples=["TK-1"])]]
Csv = Annotated[str, Meta(examples=["ref,subject,…,csat_rating,csat_comment,csat_rated_at\r\n"])]
FilterDependency = NamedDependency[FilterParameters]
SortDependency = NamedDependency[Sort]
FILTERS = {
    "parameters": Provide(FilterParameters, sync_to_thread=False),
    "filters": Provide(provide_filter, sync_to_thread=False),
}
SORT = {"order": Provide(provide_sort, sync_to_thread=False)}


@get(
    "/api/v1/tickets",
    opt=requires_scope(Scope.READ),
    tags=TAG,
    summary="List tickets",
    dependencies=FILTERS | SORT,
    description=(
        "The tickets that match every filter, the most recently updated first by default. A cursor fits one sort only."
    ),
)
async def list_tickets(
    tx: Transaction,
    actor: CurrentActor,
    filters: FilterDependency,
    order: SortDependency,
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[TicketOut]:
    ticket_filter = await filters.to_filter(tx, actor.workspace)
    page = await lists.list_tickets(tx, actor.workspace, ticket_filter, order, cursor, limit)
    excerpts = {ticket: found.excerpt for ticket, found in page.highlights.items()}
    rows = [TicketOut.of(row, excerpts.get(row.id)) for row in page.rows]
    return Page(rows, page.next_cursor, page.next_cursor is not None)


@get(
    "/api/v1/tickets.csv",
    opt=requires_scope(Scope.READ),
    tags=TAG,
    summary="Export tickets",
    dependencies=FILTERS,
    responses={200: ResponseSpec(Csv, description="The tickets", media_type="text/csv", generate_examples=False)},
    description=(
        "All tickets that match, oldest first, as CSV in UTF-8. Texts are quoted, and formulas in them follow a `'`."
    ),
)
async def export_tickets(
    request: Request[None, None, State],
    actor: CurrentActor,
    filters: FilterDependency,
    delimiter: FromQuery[
        Annotated[Delimiter, Meta(description="Between the columns: a comma, a semicolon or a tab")]
    ] = Delimiter.COMMA,
    bom: FromQuery[Annotated[bool, Meta(description="Start with a byte order mark, for spreadsheets")]] = False,
    raw: FromQuery[Annotated[bool, Meta(description="Leave formulas in texts unchanged")]] = False,
) -> Stream:
    database: Database = request.app.state.database
    async with database.transaction(actor.workspace) as tx:
        ticket_filter = await filters.to_filter(tx, actor.workspace)
    lines = export(database, actor.workspace, ticket_filter, CsvFormat(delimiter, bom, raw))
    return await download(lines, "text/csv", "tickets.csv")


@get(
    "/api/v1/tickets/{ref:str}",
    opt=requires_scope(Scope.READ),
    tags=TAG,
    summary="Show a ticket",
    description="The ticket with its conversation, including internal notes.",
)
async def show_ticket(tx: Transaction, actor: CurrentActor, ref: RefPath) -> TicketDetails:
    return await _load_ticket(tx, actor.workspace, ref)


@post(
    "/api/v1/tickets",
    opt=requires_scope(Scope.MANAGE) | {"errors": (IdempotencyKeyReused,)},
    tags=TAG,
    summary="Open a ticket",
    description="Opens a ticket for a customer.",
)
async def open_ticket(
    tx: Transaction, actor: CurrentActor, data: JSONBody[NewTicketBody], idempotency_key: IdempotencyKey = None
) -> TicketDetails:
    now = utcnow()

    async def work() -> TicketDetails:
        assignee = await assignees.get_assignee(tx, actor.workspace, data.assignee) if data.assignee else None
        new = data.ticket(assignee.account_id if assignee else None)
        ticket = await service.open_ticket(tx, actor.workspace, new, Author(actor.name), now)
        return await _load_ticket(tx, actor.workspace, ticket.ref)

    request = IdempotentRequest(idempotency_key, "open ticket", data)
    return await idempotency.run_once(tx, actor.workspace, request, work, TicketDetails, now)


@post(
    "/api/v1/tickets/{ref:str}/replies",
    opt=requires_scope(Scope.MANAGE) | {"errors": (IdempotencyKeyReused,)},
    tags=TAG,
    summary="Reply to a ticket",
    description=(
        "A public reply is emailed to the requester and sets an open ticket in progress. Only agents see a note."
    ),
)
async def reply_to_ticket(
    request: Request[None, None, State],
    tx: Transaction,
    actor: CurrentActor,
    ref: RefPath,
    data: JSONBody[NewReply],
    idempotency_key: IdempotencyKey = None,
) -> MessageOut:
    now = utcnow()

    async def work() -> MessageOut:
        author = await _author(tx, actor, data)
        if data.internal:
            return MessageOut.of(await service.note(tx, actor.workspace, ref, data.body, author, now))
        slug = (await workspaces.get_workspace(tx, actor.workspace)).slug
        address = workspace_url(request.app.state.settings.public_url, slug)
        return MessageOut.of(await service.reply(tx, actor.workspace, ref, data.body, author, address, now))

    repeatable = IdempotentRequest(idempotency_key, f"reply to {ref.upper()}", data)
    return await idempotency.run_once(tx, actor.workspace, repeatable, work, MessageOut, now)


@patch(
    "/api/v1/tickets/{ref:str}",
    opt=requires_scope(Scope.MANAGE),
    tags=TAG,
    summary="Change a ticket",
    description=(
        "Makes all changes or none. Resolving or closing asks the requester for a rating; closing triggers campaigns."
    ),
)
async def change_ticket(
    tx: Transaction, actor: CurrentActor, ref: RefPath, data: JSONBody[TicketChange]
) -> TicketDetails:
    await changes.change_ticket(tx, actor.workspace, ref, data.changes(), Author(actor.name), utcnow())
    return await _load_ticket(tx, actor.workspace, ref)


async def _load_ticket(tx: Tx, workspace: WorkspaceId, ref: str) -> TicketDetails:
    ticket = await service.get_ticket(tx, workspace, ref)
    names = await members.get_names(tx, workspace, [ticket.assignee_id] if ticket.assignee_id else [])
    tags = await store.list_ticket_tags(tx, workspace, ticket.id)
    messages = await store.list_messages(tx, workspace, ticket.id)
    return TicketDetails.of(ticket, names.get(ticket.assignee_id) if ticket.assignee_id else None, tags, messages)


async def _author(tx: Tx, actor: Actor, data: NewReply) -> Author:
    """The named member, or else the workspace, because customers must not see the name of an API key."""
    if data.author is not None:
        member = await assignees.get_assignee(tx, actor.workspace, data.author, field="author")
        return Author(member.name, member.account_id)
    return Author((await workspaces.get_workspace(tx, actor.workspace)).name)


ROUTES: list[Any] = [list_tickets, export_tickets, show_ticket, open_ticket, reply_to_ticket, change_ticket]
