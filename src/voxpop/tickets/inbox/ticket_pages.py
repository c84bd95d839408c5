"""A ticket's page in the inbox: its conversation, its rating, and what agents do with it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath
from msgspec import Meta, Struct

from voxpop.accounts import members
from voxpop.accounts.models import Member
from voxpop.auth.dependencies import CurrentMember, CurrentWorkspace, Renderer, Transaction
from voxpop.auth.guards import members_only
from voxpop.config.settings import Settings
from voxpop.db.pool import Tx
from voxpop.errors import Invalid
from voxpop.hosts import workspace_url
from voxpop.i18n import N_
from voxpop.tickets import service, store
from voxpop.tickets.inbox.models import MAX_LIST_POSITION, View, conversation
from voxpop.tickets.inbox.pages import LongText, author_of, chosen, form_options, in_words
from voxpop.tickets.limits import MAX_EMAIL, MAX_TAG_LIST
from voxpop.tickets.lists import service as lists
from voxpop.tickets.lists import store as list_store
from voxpop.tickets.lists.filters import TicketFilter
from voxpop.tickets.lists.models import Sort, TicketRow
from voxpop.tickets.models import Priority, Status, Ticket
from voxpop.tickets.tags import parse_tags
from voxpop.types import utcnow
from voxpop.web.forms import read_form, submitted_values
from voxpop.web.pages import redirect
from voxpop.workspaces.models import Workspace

Req = Request[Any, Any, Any]

TICKET = "tickets/inbox/ticket.html"
DIGITS = re.compile("[0-9]{1,4}")
OTHERS = 5  # tickets of the requester beside this one
TOASTS = {
    "opened": N_("Ticket opened."),
    "sent": N_("Reply sent."),
    "noted": N_("Note added."),
    "changed": N_("Changed."),
    "Open": N_("Reopened."),
    "In progress": N_("In progress."),
    "Resolved": N_("Resolved."),
    "Closed": N_("Closed."),
}


class ReplyForm(Struct):
    """`then`: the status to send it with, if any; notes leave it alone."""

    body: LongText
    kind: Literal["public", "note"] = "public"
    then: Status | None = None


class StatusForm(Struct):
    status: Status


class PriorityForm(Struct):
    priority: Priority


class AssigneeForm(Struct):
    assignee: Annotated[str, Meta(min_length=1, max_length=MAX_EMAIL)]


class TagsForm(Struct):
    tags: Annotated[str, Meta(max_length=MAX_TAG_LIST)]


@get("/inbox/{ref:str}", opt=members_only(), include_in_schema=False)
async def show_ticket(
    request: Req,
    ref: FromPath[str],
    workspace: CurrentWorkspace,
    member: CurrentMember,
    tx: Transaction,
    render: Renderer,
) -> Response[str]:
    query = request.query_params
    context = await _context(tx, workspace, member, ref, query)
    context["sent"] = query.get("done") in ("sent", "noted")
    if query.get("was") in list(Status) and query.get("done") in list(Status):
        # With a way back, in the place of a plain toast.
        context |= {"was": query["was"], "undone": render.t(TOASTS[query["done"]]), "toast": None}
    return render(TICKET, active="inbox", toasts=TOASTS, **context)


@post("/inbox/{ref:str}/reply", opt=members_only(), include_in_schema=False)
async def reply(
    request: Req,
    ref: FromPath[str],
    workspace: CurrentWorkspace,
    member: CurrentMember,
    tx: Transaction,
    render: Renderer,
) -> Response[Any]:
    """A public reply or a note; what doesn't fit is shown again with what was written."""
    try:
        form = await read_form(request, ReplyForm)
    except Invalid as fault:
        context = await _context(tx, workspace, member, ref, request.query_params) | {
            "draft": await submitted_values(request)
        }
        raise render.with_errors(TICKET, in_words(fault), active="inbox", **context) from None
    author, now = author_of(member), utcnow()
    if form.kind == "note":
        await service.note(tx, workspace.id, ref, form.body.strip(), author, now)
        return _back(request, ref, "noted")
    address = workspace_url(_settings(request.app.state).public_url, workspace.slug)
    await service.reply(tx, workspace.id, ref, form.body.strip(), author, address, now)
    if form.then:
        await service.set_status(tx, workspace.id, [ref], form.then, author, now)
    return _back(request, ref, "sent")


@post("/inbox/{ref:str}/status", opt=members_only(), include_in_schema=False)
async def set_status(
    request: Req, ref: FromPath[str], workspace: CurrentWorkspace, member: CurrentMember, tx: Transaction
) -> Response[Any]:
    """Says how it was before, so that the page can offer to undo it."""
    form = await read_form(request, StatusForm)
    before = await service.get_ticket(tx, workspace.id, ref)
    await service.set_status(tx, workspace.id, [ref], form.status, author_of(member), utcnow())
    return _back(request, ref, form.status, {"was": before.status})


@post("/inbox/{ref:str}/priority", opt=members_only(), include_in_schema=False)
async def set_priority(
    request: Req, ref: FromPath[str], workspace: CurrentWorkspace, member: CurrentMember, tx: Transaction
) -> Response[Any]:
    form = await read_form(request, PriorityForm)
    await service.set_priority(tx, workspace.id, ref, form.priority, author_of(member), utcnow())
    return _back(request, ref, "changed")


@post("/inbox/{ref:str}/assignee", opt=members_only(), include_in_schema=False)
async def assign(
    request: Req, ref: FromPath[str], workspace: CurrentWorkspace, member: CurrentMember, tx: Transaction
) -> Response[Any]:
    form = await read_form(request, AssigneeForm)
    assignee = await chosen(tx, workspace, form.assignee)
    await service.assign(tx, workspace.id, [ref], assignee, author_of(member), utcnow())
    return _back(request, ref, "changed")


@post("/inbox/{ref:str}/tags", opt=members_only(), include_in_schema=False)
async def set_tags(
    request: Req, ref: FromPath[str], workspace: CurrentWorkspace, member: CurrentMember, tx: Transaction
) -> Response[Any]:
    tags = parse_tags((await read_form(request, TagsForm)).tags)
    await service.set_tags(tx, workspace.id, ref, tags, author_of(member), utcnow())
    return _back(request, ref, "changed")


ROUTES = [show_ticket, reply, set_status, set_priority, assign, set_tags]


class ListPosition(Struct, frozen=True):
    """Where a ticket stands in the list that it was opened from, and the addresses of its neighbours there."""

    back: str
    number: int | None = None
    total: int | None = None
    previous: str | None = None
    next: str | None = None


async def _context(tx: Tx, workspace: Workspace, member: Member, ref: str, query: Mapping[str, str]) -> dict[str, Any]:
    ticket = await service.get_ticket(tx, workspace.id, ref)
    messages = await store.list_messages(tx, workspace.id, ticket.id)
    activities = await store.list_activities(tx, workspace.id, ticket.id)
    return {
        "ticket": ticket,
        "entries": conversation(ticket, messages, activities),
        "ticket_tags": [tag.name for tag in await store.list_ticket_tags(tx, workspace.id, ticket.id)],
        "names": await members.get_names(tx, workspace.id, [ticket.assignee_id] if ticket.assignee_id else []),
        "others": await _others(tx, workspace, ticket),
        "way": await _way(tx, workspace, member, ticket, query),
        "around": _around(query),
        "draft": {},
        "sent": False,
        "undone": None,
        **await form_options(tx, workspace, member),
    }


async def _others(tx: Tx, workspace: Workspace, ticket: Ticket) -> list[TicketRow]:
    """The requester's latest tickets beside this one."""
    wanted = TicketFilter(requester=ticket.requester_email_folded)
    page = await lists.list_tickets(tx, workspace.id, wanted, Sort(), None, OTHERS + 1)
    return [row for row in page.rows if row.id != ticket.id][:OTHERS]


async def _way(tx: Tx, workspace: Workspace, member: Member, ticket: Ticket, query: Mapping[str, str]) -> ListPosition:
    """Neighbours by the place the ticket had: it may have moved or left since, by what was done to it."""
    view, at = View.parse(query.get("in", "")), query.get("at", "")
    if not DIGITS.fullmatch(at) or int(at) > MAX_LIST_POSITION:
        return ListPosition(view.address)
    place, wanted = int(at), view.to_filter(member.account_id, utcnow())
    found = await lists.list_positions(tx, workspace.id, wanted, view.sort_order, None, place + 2)
    others = [each.id for each in found if each.id != ticket.id]
    before, after = others[:place][-1:], others[place : place + 1]
    links = [
        f"/inbox/{row.ref}?{urlencode({'in': view.query, 'at': place - 1 if [row.id] == before else place + 1})}"
        for row in await list_store.list_rows(tx, workspace.id, before + after)
    ]
    previous, following = links[: len(before)], links[len(before) :]
    total = await lists.count_tickets(tx, workspace.id, wanted)
    return ListPosition(view.address, place + 1, total, next(iter(previous), None), next(iter(following), None))


def _around(query: Mapping[str, str]) -> str:
    """The part of the address that says from which list the ticket was opened."""
    known = {name: query[name] for name in ("in", "at") if name in query}
    return f"?{urlencode(known)}" if known else ""


def _back(request: Req, ref: str, done: str, more: Mapping[str, str] | None = None) -> Response[Any]:
    kept = {name: request.query_params[name] for name in ("in", "at") if name in request.query_params}
    return redirect(f"/inbox/{ref}?{urlencode({**kept, 'done': done, **(more or {})})}")


def _settings(state: State) -> Settings:
    settings: Settings = state.settings
    return settings
