"""The customers' portal: their tickets, a new one, the conversation, the rating. Parses, calls, shows."""

import re
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from voxpop.accounts import sessions
from voxpop.accounts.models import Customer
from voxpop.auth.dependencies import CurrentCustomer, CurrentWorkspace, MaybeCustomer, Renderer, Transaction
from voxpop.auth.guards import customers_only, portal_public
from voxpop.auth.rate_limits import RateLimit, record_attempt
from voxpop.cursors import Position
from voxpop.db.pool import Database, Tx
from voxpop.errors import AppError, FieldError, Invalid, RateLimited
from voxpop.i18n import N_
from voxpop.tickets import ratings, service
from voxpop.tickets.errors import TicketNotRateable
from voxpop.tickets.inbox.models import initials
from voxpop.tickets.limits import MAX_COMMENT, MAX_TEXT
from voxpop.tickets.models import SCALE_MAX, SCALE_MIN, Author, NewTicket, Requester, Ticket
from voxpop.tickets.portal import customer_tickets, customer_tickets_store
from voxpop.types import EMAIL_PATTERN, Instant, instant, utcnow
from voxpop.web import paging
from voxpop.web.forms import as_typed, client_ip, read_form
from voxpop.web.pages import redirect
from voxpop.web.rendering import PageRenderer
from voxpop.web.validation import JSON
from voxpop.workspaces.models import Workspace

Asked = Request[Any, Any, Any]

LIST, NEW, TICKET = "tickets/portal/list.html", "tickets/portal/new.html", "tickets/portal/ticket.html"
PAGE_SIZE = 50
MAX_LINE, MAX_EMAIL = 200, 254

TOASTS = {"sent": N_("Reply sent.")}
NO_NAME = N_("Say what we should call you.")
NO_ADDRESS = N_("Write an e-mail address, like ann@example.com.")
NO_SUBJECT = N_("Say in a few words what it is about.")
NO_TEXT = N_("Write something first.")
LONG_LINE = N_("Make it shorter: 200 characters at the most.")
LONG_TEXT = N_("Make it shorter: 50,000 characters at the most.")
UNREADABLE = N_("Something in what you sent can’t be used. Go back and check it.")
RATING_WORDS = {
    "rating": N_("Choose one to five stars."),
    "comment": N_("Make it shorter: 2,000 characters at the most."),
}


class TicketForm(Struct):
    """As typed: what is wrong with it is said all at once, by `faults`."""

    name: str = ""
    email: str = ""
    subject: str = ""
    description: str = ""

    def faults(self) -> list[FieldError]:
        is_address = re.match(EMAIL_PATTERN, self.email.strip()) and len(self.email.strip()) <= MAX_EMAIL
        return [
            *_text_faults("name", self.name, MAX_LINE, (NO_NAME, LONG_LINE)),
            *([] if is_address else [FieldError("email", NO_ADDRESS)]),
            *_text_faults("subject", self.subject, MAX_LINE, (NO_SUBJECT, LONG_LINE)),
            *_text_faults("description", self.description, MAX_TEXT, (NO_TEXT, LONG_TEXT)),
        ]

    def read(self) -> NewTicket:
        requester = Requester(_line(self.name), self.email.strip())
        return NewTicket(_line(self.subject), self.description.strip(), requester)


class ReplyForm(Struct):
    body: str = ""


class RatingForm(Struct):
    """A blank comment is none (T3)."""

    rating: Annotated[int, Meta(ge=SCALE_MIN, le=SCALE_MAX)]
    comment: Annotated[str, Meta(max_length=MAX_COMMENT)] | None = None

    def read(self) -> tuple[int, str | None]:
        return self.rating, (self.comment or "").strip() or None


class RatingOut(Struct):
    """What a rating is answered where it was sent as JSON; a second one is answered the same (T6)."""

    ref: str
    csat_rating: int | None
    csat_comment: str | None
    csat_rated_at: Instant | None

    @classmethod
    def of(cls, ticket: Ticket) -> "RatingOut":
        rated_at = ticket.csat_rated_at
        return cls(ticket.ref, ticket.csat_rating, ticket.csat_comment, instant(rated_at) if rated_at else None)


@get("/tickets", opt=customers_only(), include_in_schema=False)
async def show_tickets(
    request: Asked, workspace: CurrentWorkspace, customer: CurrentCustomer, tx: Transaction, render: Renderer
) -> Response[str]:
    after = request.query_params.get("after")
    page = await paging.page(
        lambda place, most: customer_tickets.list_own(tx, workspace.id, customer, place, most),
        lambda row: Position(row.last_reply_at, row.id),
        lambda row: row,
        after,
        PAGE_SIZE,
    )
    return render(LIST, page=page, is_first=after is None)


@get("/tickets/new", opt=portal_public(), include_in_schema=False)
async def show_new_ticket(
    workspace: CurrentWorkspace, visitor: MaybeCustomer, tx: Transaction, render: Renderer
) -> Response[str]:
    form = await _known_form(tx, workspace, visitor)
    return render(NEW, form=form, asked=_asked(form, visitor))


@post("/tickets/new", opt=portal_public(), include_in_schema=False, status_code=303)
async def open_ticket(
    request: Asked, workspace: CurrentWorkspace, visitor: MaybeCustomer, render: Renderer
) -> Response[Any]:
    """Who is not signed in gets a session for this one ticket, since his address is not proven (T24)."""
    database: Database = request.app.state.database
    async with database.transaction(workspace.id) as tx:
        known = await _known_form(tx, workspace, visitor)
    form, asked = await read_form(request, TicketForm), _asked(known, visitor)
    if "name" not in asked:
        form.name = known.name
    if "email" not in asked:
        form.email = known.email
    if faults := form.faults():
        raise render.with_errors(NEW, Invalid(details=faults), form=form, asked=asked)
    known_by = client_ip(request) if "email" in asked or visitor is None else visitor.email_folded
    await _count(request, workspace, (RateLimit.OPEN_TICKET, known_by), (render, NEW), form=form, asked=asked)
    async with database.transaction(workspace.id) as tx:
        new = form.read()
        ticket = await service.open_ticket(tx, workspace.id, new, Author(new.requester.name), utcnow())
        response = redirect(f"/tickets/{ticket.ref}?done=opened")
        if "email" in asked:
            who = new.requester
            response.set_cookie(await sessions.open_guest(tx, workspace, who.email, who.name, ticket.id, request))
    return response


@get("/tickets/{ref:str}", opt=customers_only(), include_in_schema=False)
async def show_ticket(
    request: Asked,
    ref: FromPath[str],
    workspace: CurrentWorkspace,
    customer: CurrentCustomer,
    tx: Transaction,
    render: Renderer,
) -> Response[str]:
    ticket = await customer_tickets.get_own(tx, workspace.id, customer, ref)
    if ratings.may_rate(workspace, ticket):
        await ratings.see(tx, workspace, ticket, utcnow())
    context = await _context(tx, workspace, ticket)
    return render(TICKET, toasts=TOASTS, **context | {"is_new": request.query_params.get("done") == "opened"})


@post("/tickets/{ref:str}/reply", opt=customers_only(), include_in_schema=False, status_code=303)
async def reply(
    request: Asked, ref: FromPath[str], workspace: CurrentWorkspace, customer: CurrentCustomer, render: Renderer
) -> Response[Any]:
    form = await read_form(request, ReplyForm)
    database: Database = request.app.state.database
    async with database.transaction(workspace.id) as tx:
        ticket = await customer_tickets.get_own(tx, workspace.id, customer, ref)
        context = await _context(tx, workspace, ticket, {"body": form.body})
    if faults := _text_faults("body", form.body, MAX_TEXT, (NO_TEXT, LONG_TEXT)):
        raise render.with_errors(TICKET, Invalid(details=faults), **context)
    await _count(request, workspace, (RateLimit.GUEST_REPLY, str(customer.session_id)), (render, TICKET), **context)
    async with database.transaction(workspace.id) as tx:
        author = Author(ticket.requester_name)
        await service.customer_reply(tx, workspace.id, ticket.ref, form.body.strip(), author, utcnow())
    return redirect(f"/tickets/{ticket.ref}?done=sent#latest")


@post("/tickets/{ref:str}/rating", opt=customers_only(), include_in_schema=False, status_code=200)
async def rate(
    request: Asked,
    ref: FromPath[str],
    workspace: CurrentWorkspace,
    customer: CurrentCustomer,
    tx: Transaction,
    render: Renderer,
) -> Response[Any]:
    """Once: what comes later changes nothing and is answered like the first (T6)."""
    ticket = await customer_tickets.get_own_to_rate(tx, workspace, customer, ref)
    is_form = request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON
    rated = ticket
    if not ticket.is_rated:
        try:
            rating = (await read_form(request, RatingForm)).read()
            rated = await ratings.rate(tx, workspace, ticket.ref, rating, customer.email_folded, utcnow())
        except (Invalid, TicketNotRateable) as fault:
            if not is_form:
                raise
            context = await _context(tx, workspace, ticket, await as_typed(request))
            raise render.with_errors(TICKET, _in_words(fault), **context) from None
    if is_form:
        return redirect(f"/tickets/{rated.ref}#thanks")
    return Response(RatingOut.of(rated))


@get(
    ["/tickets/{ref:str}/reply", "/tickets/{ref:str}/rating"],
    opt=customers_only(),
    include_in_schema=False,
    sync_to_thread=False,
)
def show_ticket_of_form(ref: FromPath[str]) -> Response[Any]:
    """The address that a form shown again has: a browser that opens it anew finds the ticket."""
    return redirect(f"/tickets/{ref}")


ROUTES = [show_tickets, show_new_ticket, open_ticket, show_ticket, reply, rate, show_ticket_of_form]


async def _known_form(tx: Tx, workspace: Workspace, visitor: Customer | None) -> TicketForm:
    """A new ticket's form with what is known of the visitor."""
    if visitor is None:
        return TicketForm()
    name = visitor.name or await customer_tickets_store.find_name(tx, workspace.id, visitor.email_folded)
    return TicketForm(name=name or "", email=visitor.email)


def _asked(known: TicketForm, visitor: Customer | None) -> list[str]:
    """Which of his name and his address a new ticket asks for; a guest's may be mistyped, so both again."""
    if visitor is None or visitor.ticket_id is not None:
        return ["name", "email"]
    return [] if known.name else ["name"]


async def _context(tx: Tx, workspace: Workspace, ticket: Ticket, given: dict[str, str] | None = None) -> dict[str, Any]:
    """What a ticket's page shows; `given`: what was typed into it."""
    return {
        "ticket": ticket,
        "said": await customer_tickets.list_said(tx, workspace.id, ticket),
        "since": await customer_tickets.get_since(tx, workspace.id, ticket),
        "asks": ratings.may_rate(workspace, ticket),
        "given": {"rating": "", "comment": "", "body": "", **(given or {})},
        "initials": initials,
        "is_new": False,
    }


async def _count(
    request: Asked, workspace: Workspace, visit: tuple[RateLimit, str], page: tuple[PageRenderer, str], **context: Any
) -> None:
    """Beyond the limit the form is shown again, with what was typed."""
    try:
        await record_attempt(request.app.state.database, workspace.id, *visit)
    except RateLimited as fault:
        render, template = page
        again = render.with_errors(template, fault, **context)
        again.response.headers["retry-after"] = str(fault.retry_after)
        raise again from None


def _in_words(fault: AppError) -> AppError:
    """A rating's fault in words for people."""
    if not isinstance(fault, Invalid):
        return fault
    known = [each.field for each in fault.details if each.field in RATING_WORDS]
    return Invalid(UNREADABLE, details=[FieldError(field, RATING_WORDS[field]) for field in known])


def _text_faults(field: str, text: str, most: int, words: tuple[str, str]) -> list[FieldError]:
    """`words`: for a blank text, and for one that is too long."""
    blank, long = words
    if not text.strip():
        return [FieldError(field, blank)]
    return [FieldError(field, long)] if len(text.strip()) > most else []


def _line(text: str) -> str:
    return " ".join(text.split())
