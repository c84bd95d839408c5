"""The page of one ticket in the inbox: the conversation, the rating, and the forms that change the ticket."""

from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from voxpop.auth.dependencies import CurrentMember, CurrentWorkspace, PageRequest, Renderer, Submission, Transaction
from voxpop.auth.guards import members_only
from voxpop.config.settings import Settings
from voxpop.errors import Invalid
from voxpop.hosts import workspace_url
from voxpop.i18n import N_
from voxpop.text import trim_lines
from voxpop.tickets import assignees, service
from voxpop.tickets.inbox.context import list_parameters, ticket_context
from voxpop.tickets.inbox.schemas import AssigneeForm, PriorityForm, ReplyForm, StatusForm, TagsForm, explain
from voxpop.tickets.models import Author, Status
from voxpop.tickets.tags import parse_tags
from voxpop.types import utcnow
from voxpop.web.forms import read_form, submitted_values
from voxpop.web.pages import redirect

TICKET = "tickets/inbox/ticket.html"
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


@get("/inbox/{ref:str}", opt=members_only(), include_in_schema=False)
async def show_ticket(
    request: PageRequest,
    ref: FromPath[str],
    workspace: CurrentWorkspace,
    member: CurrentMember,
    tx: Transaction,
    render: Renderer,
) -> Response[str]:
    query = request.query_params
    context = await ticket_context(tx, workspace.id, member, ref, query, utcnow())
    context["sent"] = query.get("done") in ("sent", "noted")
    if query.get("was") in list(Status) and query.get("done") in list(Status):
        # A message with a button that undoes the change replaces the plain toast.
        context |= {"was": query["was"], "undo_text": render.t(TOASTS[query["done"]]), "toast": None}
    return render(TICKET, toasts=TOASTS, **context)


@post("/inbox/{ref:str}/reply", opt=members_only(), include_in_schema=False)
async def reply(
    request: PageRequest,
    ref: FromPath[str],
    workspace: CurrentWorkspace,
    member: CurrentMember,
    tx: Transaction,
    render: Renderer,
    submission: Submission,
) -> Response[Any]:
    """Adds a public reply or a note. An invalid one is shown again with its text."""
    now, author = utcnow(), Author(member.name, member.account_id)
    try:
        form = await read_form(request, ReplyForm)
    except Invalid as error:
        context = await ticket_context(tx, workspace.id, member, ref, request.query_params, now)
        context["draft"] = await submitted_values(request)
        raise render.with_errors(TICKET, explain(error), **context) from None
    address = workspace_url(_settings(request.app.state).public_url, workspace.slug)

    async def work() -> str:
        if form.kind == "note":
            await service.note(tx, workspace.id, ref, trim_lines(form.body), author, now)
            return "noted"
        await service.reply(tx, workspace.id, ref, trim_lines(form.body), author, address, now)
        if form.then:
            await service.set_status(tx, workspace.id, [ref], form.then, author, now)
        return "sent"

    return _redirect_back(request, ref, await submission.run_once(tx, work))


@post("/inbox/{ref:str}/status", opt=members_only(), include_in_schema=False)
async def set_status(
    request: PageRequest, ref: FromPath[str], workspace: CurrentWorkspace, member: CurrentMember, tx: Transaction
) -> Response[Any]:
    """The address of the response has the status before, so that the page can offer to undo the change."""
    form = await read_form(request, StatusForm)
    before = await service.get_ticket(tx, workspace.id, ref)
    author = Author(member.name, member.account_id)
    await service.set_status(tx, workspace.id, [ref], form.status, author, utcnow())
    return _redirect_back(request, ref, form.status, was=before.status)


@post("/inbox/{ref:str}/priority", opt=members_only(), include_in_schema=False)
async def set_priority(
    request: PageRequest, ref: FromPath[str], workspace: CurrentWorkspace, member: CurrentMember, tx: Transaction
) -> Response[Any]:
    form = await read_form(request, PriorityForm)
    author = Author(member.name, member.account_id)
    await service.set_priority(tx, workspace.id, ref, form.priority, author, utcnow())
    return _redirect_back(request, ref, "changed")


@post("/inbox/{ref:str}/assignee", opt=members_only(), include_in_schema=False)
async def assign(
    request: PageRequest, ref: FromPath[str], workspace: CurrentWorkspace, member: CurrentMember, tx: Transaction
) -> Response[Any]:
    form = await read_form(request, AssigneeForm)
    assignee = await assignees.parse_assignee(tx, workspace.id, form.assignee)
    author = Author(member.name, member.account_id)
    await service.assign(tx, workspace.id, [ref], assignee, author, utcnow())
    return _redirect_back(request, ref, "changed")


@post("/inbox/{ref:str}/tags", opt=members_only(), include_in_schema=False)
async def set_tags(
    request: PageRequest, ref: FromPath[str], workspace: CurrentWorkspace, member: CurrentMember, tx: Transaction
) -> Response[Any]:
    tags = parse_tags((await read_form(request, TagsForm)).tags)
    author = Author(member.name, member.account_id)
    await service.set_tags(tx, workspace.id, ref, tags, author, utcnow())
    return _redirect_back(request, ref, "changed")


ROUTES = [show_ticket, reply, set_status, set_priority, assign, set_tags]


def _redirect_back(request: PageRequest, ref: str, done: str, **parameters: str) -> Response[Any]:
    """To the ticket's page, in the list that it was opened from. `done` selects the toast."""
    query = list_parameters(request.query_params) | {"done": done} | parameters
    return redirect(f"/inbox/{ref}?{urlencode(query)}")


def _settings(state: State) -> Settings:
    settings: Settings = state.settings
    return settings
