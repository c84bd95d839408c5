"""The pages of the customer portal: the list of tickets, a new ticket, and a ticket with its rating panel."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from voxpop.accounts.models import Customer, NewSession, SessionKind
from voxpop.auth import browser_sessions
from voxpop.auth.dependencies import (
    CurrentCustomer,
    CurrentWorkspace,
    MaybeCustomer,
    PageRequest,
    Renderer,
    Submission,
    Transaction,
    before_transaction,
)
from voxpop.auth.guards import customers_only, portal_public
from voxpop.auth.rate_limits import RateLimit, record_attempt
from voxpop.cursors import Position
from voxpop.db.pool import Database, Tx
from voxpop.errors import Invalid, RateLimited
from voxpop.i18n import N_
from voxpop.text import trim_lines
from voxpop.tickets import conversations, limits, ratings, service
from voxpop.tickets.errors import TicketNotRateable
from voxpop.tickets.models import Author, Ticket
from voxpop.tickets.portal import customer_tickets
from voxpop.tickets.portal.schemas import (
    CheckedReply,
    CheckedTicket,
    RatingForm,
    RatingOut,
    ReplyForm,
    TicketForm,
    explain_rating_error,
    text_errors,
)
from voxpop.types import utcnow
from voxpop.web import paging
from voxpop.web.client_ip import client_ip
from voxpop.web.forms import read_form, submitted_values
from voxpop.web.pages import redirect
from voxpop.web.validation import JSON_MEDIA_TYPE, media_type
from voxpop.workspaces.models import Workspace

LIST, NEW, TICKET = "tickets/portal/list.html", "tickets/portal/new.html", "tickets/portal/ticket.html"
PAGE_SIZE = 50
TOASTS = {"sent": N_("Reply sent.")}


@get("/tickets", opt=customers_only(), include_in_schema=False)
async def show_tickets(
    request: PageRequest, workspace: CurrentWorkspace, customer: CurrentCustomer, tx: Transaction, render: Renderer
) -> Response[str]:
    cursor = request.query_params.get("after")
    page = await paging.page(
        lambda after, limit: customer_tickets.list_customer_tickets(tx, workspace.id, customer, after, limit),
        lambda row: Position(row.last_reply_at, row.id),
        lambda row: row,
        cursor,
        PAGE_SIZE,
    )
    return render(LIST, page=page, is_first=cursor is None)


@get("/tickets/new", opt=portal_public(), include_in_schema=False)
async def show_new_ticket(visitor: MaybeCustomer, tx: Transaction, render: Renderer) -> Response[str]:
    form = _prefilled_form(visitor, await customer_tickets.find_name(tx, visitor) if visitor else None)
    return render(NEW, form=form, fields=_fields_to_ask(form, visitor), limits=limits)


async def check_new_ticket(
    request: PageRequest,
    workspace: CurrentWorkspace,
    visitor: MaybeCustomer,
    render: Renderer,
    submission: Submission,
) -> CheckedTicket:
    """Reads and checks the form, then counts a new ticket: by customer, or by client address for a guest."""
    database: Database = request.app.state.database
    name = await customer_tickets.look_up_name(database, visitor) if visitor else None
    prefilled = _prefilled_form(visitor, name)
    form, fields = await read_form(request, TicketForm), _fields_to_ask(prefilled, visitor)
    if "name" not in fields:
        form.name = prefilled.name
    if "email" not in fields:
        form.email = prefilled.email
    if errors := form.errors():
        raise render.with_errors(NEW, Invalid(details=errors), form=form, fields=fields, limits=limits)
    is_guest = visitor is None or "email" in fields
    if await submission.is_repeated(database):
        return CheckedTicket(form, is_guest)
    subject = client_ip(request) if visitor is None or is_guest else visitor.email_folded
    try:
        await record_attempt(database, workspace.id, RateLimit.OPEN_TICKET, subject)
    except RateLimited as error:
        raise render.with_errors(NEW, error, form=form, fields=fields, limits=limits) from None
    return CheckedTicket(form, is_guest)


@post(
    "/tickets/new",
    opt=portal_public(),
    dependencies=before_transaction(check_new_ticket),
    include_in_schema=False,
    status_code=303,
)
async def open_ticket(
    request: PageRequest,
    workspace: CurrentWorkspace,
    tx: Transaction,
    checked: NamedDependency[CheckedTicket],
    submission: Submission,
) -> Response[Any]:
    """A visitor who is not signed in gets a session for this ticket only: the address is not verified (T24)."""
    new = checked.form.to_ticket()

    async def work() -> str:
        return (await service.open_ticket(tx, workspace.id, new, Author(new.requester.name), utcnow())).ref

    ticket = await service.get_ticket(tx, workspace.id, await submission.run_once(tx, work))
    path = f"/tickets/{ticket.ref}?done=opened"
    if not checked.is_guest:
        return redirect(path)
    guest = NewSession(SessionKind.GUEST, email=new.requester.email, name=new.requester.name, ticket_id=ticket.id)
    return await browser_sessions.start(request, tx, guest, path)


@get("/tickets/{ref:str}", opt=customers_only(), include_in_schema=False)
async def show_ticket(
    request: PageRequest,
    ref: FromPath[str],
    workspace: CurrentWorkspace,
    customer: CurrentCustomer,
    tx: Transaction,
    render: Renderer,
) -> Response[str]:
    ticket = await customer_tickets.get_customer_ticket(tx, workspace.id, customer, ref)
    if ratings.may_rate(workspace, ticket):
        await ratings.mark_panel_shown(tx, workspace, ticket, utcnow())
    query = request.query_params
    done = query.get("done")
    context = await _context(tx, workspace, ticket, before=query.get("before"))
    is_new = done == "opened" and ticket.is_untouched
    return render(TICKET, toasts=TOASTS, **context | {"is_new": is_new, "is_sent": done == "sent"})


async def check_reply(
    request: PageRequest, workspace: CurrentWorkspace, customer: CurrentCustomer, submission: Submission
) -> CheckedReply:
    """Reads and checks the form, then counts a new reply by session."""
    form = await read_form(request, ReplyForm)
    if errors := text_errors("body", form.body):
        return CheckedReply(form.body, Invalid(details=errors))
    database: Database = request.app.state.database
    try:
        if not await submission.is_repeated(database):
            await record_attempt(database, workspace.id, RateLimit.GUEST_REPLY, str(customer.session_id))
    except RateLimited as error:
        return CheckedReply(form.body, error)
    return CheckedReply(form.body)


@post(
    "/tickets/{ref:str}/reply",
    opt=customers_only(),
    dependencies=before_transaction(check_reply),
    include_in_schema=False,
    status_code=303,
)
async def reply(
    ref: FromPath[str],
    workspace: CurrentWorkspace,
    customer: CurrentCustomer,
    tx: Transaction,
    render: Renderer,
    checked: NamedDependency[CheckedReply],
    submission: Submission,
) -> Response[Any]:
    """A refused reply is shown again with what was typed."""
    ticket = await customer_tickets.get_customer_ticket(tx, workspace.id, customer, ref)
    if checked.error:
        context = await _context(tx, workspace, ticket, {"body": checked.body})
        raise render.with_errors(TICKET, checked.error, **context)
    author = Author(ticket.requester_name)

    async def work() -> str:
        await service.customer_reply(tx, workspace.id, ticket.ref, trim_lines(checked.body), author, utcnow())
        return f"/tickets/{ticket.ref}?done=sent#latest"

    return redirect(await submission.run_once(tx, work))


@post("/tickets/{ref:str}/rating", opt=customers_only(), include_in_schema=False, status_code=200)
async def rate(
    request: PageRequest,
    ref: FromPath[str],
    workspace: CurrentWorkspace,
    customer: CurrentCustomer,
    tx: Transaction,
    render: Renderer,
) -> Response[Any]:
    """Stores the first rating; a later one changes nothing and gets the same response (T6)."""
    ticket = await customer_tickets.get_rateable_ticket(tx, workspace, customer, ref)
    is_form = media_type(request.headers.get("content-type")) != JSON_MEDIA_TYPE
    rated = ticket
    if not ticket.is_rated:
        try:
            rating = (await read_form(request, RatingForm)).to_rating()
            rated = await ratings.rate(tx, workspace, ticket.ref, rating, customer.email_folded, utcnow())
        except (Invalid, TicketNotRateable) as error:
            if not is_form:
                raise
            context = await _context(tx, workspace, ticket, await submitted_values(request))
            raise render.with_errors(TICKET, explain_rating_error(error), **context) from None
    if is_form:
        return redirect(f"/tickets/{rated.ref}#thanks")
    return Response(RatingOut.of(rated))


ROUTES = [show_tickets, show_new_ticket, open_ticket, show_ticket, reply, rate]


def _prefilled_form(visitor: Customer | None, name: str | None) -> TicketForm:
    """The form of a new ticket with the visitor's name and address, as far as they are known."""
    return TicketForm() if visitor is None else TicketForm(name=name or "", email=visitor.email)


def _fields_to_ask(prefilled: TicketForm, visitor: Customer | None) -> list[str]:
    """The fields about the visitor that the form asks for. A guest is asked again: theirs may be mistyped."""
    if visitor is None or visitor.ticket_id is not None:
        return ["name", "email"]
    return [] if prefilled.name else ["name"]


async def _context(
    tx: Tx, workspace: Workspace, ticket: Ticket, typed: dict[str, str] | None = None, before: str | None = None
) -> dict[str, Any]:
    """The context of a ticket's page. `typed` is what a rejected form contained, `before` the conversation's cursor."""
    return {
        "ticket": ticket,
        "conversation": await conversations.load_public_page(tx, workspace.id, ticket, before),
        "status_since": await customer_tickets.get_status_time(tx, workspace.id, ticket),
        "may_rate": ratings.may_rate(workspace, ticket),
        "typed": {"rating": "", "comment": "", "body": "", **(typed or {})},
        "is_new": False,
        "is_sent": False,
        "limits": limits,
    }
