"""The page of one ticket in the inbox: the conversation, the rating, and the forms that change the ticket."""

from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath
from msgspec.structs import replace

from voxpop.accounts import members
from voxpop.accounts.models import Member
from voxpop.auth.dependencies import CurrentMember, CurrentWorkspace, PageRequest, Renderer, Submission, Transaction
from voxpop.auth.guards import members_only
from voxpop.config.settings import Settings
from voxpop.db.pool import Tx
from voxpop.errors import Invalid
from voxpop.hosts import workspace_url
from voxpop.i18n import N_
from voxpop.text import trim_lines
from voxpop.tickets import assignees, service
from voxpop.tickets.inbox import changes
from voxpop.tickets.inbox.changes import Field, NewValue
from voxpop.tickets.inbox.context import find_list_position, list_parameters, ticket_context
from voxpop.tickets.inbox.schemas import AssigneeForm, PriorityForm, ReplyForm, StatusForm, TagsForm, explain
from voxpop.tickets.inbox.undo_pages import path_with_undo, undo_context, with_parameters
from voxpop.tickets.models import Author, Status
from voxpop.tickets.tags import parse_tags
from voxpop.types import utcnow
from voxpop.web.forms import read_form, submitted_values
from voxpop.web.pages import redirect

TICKET = "tickets/inbox/ticket.html"
TOASTS = {
    "opened": N_("Ticket opened."),
    "sent": N_("Reply added."),
    "noted": N_("Note added."),
    "changed": N_("Nothing to change."),  # where there is something to undo, a message with the button replaces it
    "undone": N_("Undone."),
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
    context = await ticket_context(tx, workspace.id, member, ref, request.query_params, utcnow())
    return render(TICKET, toasts=TOASTS, **context | await undo_context(request, tx, member, ref.upper()))


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
        path = _path(request, ref)
        if form.kind == "note":
            await service.note(tx, workspace.id, ref, trim_lines(form.body), author, now)
            return with_parameters(path, done="noted")
        await service.reply(tx, workspace.id, ref, trim_lines(form.body), author, address, now)
        if form.then:
            return await _set_status(request, tx, member, ref, form.then, "sent")
        return with_parameters(path, done="sent")

    return redirect(await submission.run_once(tx, work))


@post("/inbox/{ref:str}/status", opt=members_only(), include_in_schema=False)
async def set_status(request: PageRequest, ref: FromPath[str], member: CurrentMember, tx: Transaction) -> Response[Any]:
    form = await read_form(request, StatusForm)
    return redirect(await _set_status(request, tx, member, ref, form.status, "changed"))


@post("/inbox/{ref:str}/priority", opt=members_only(), include_in_schema=False)
async def set_priority(
    request: PageRequest, ref: FromPath[str], member: CurrentMember, tx: Transaction
) -> Response[Any]:
    form = await read_form(request, PriorityForm)
    return await _change(request, tx, member, ref, NewValue(Field.PRIORITY, form.priority))


@post("/inbox/{ref:str}/assignee", opt=members_only(), include_in_schema=False)
async def assign(
    request: PageRequest, ref: FromPath[str], workspace: CurrentWorkspace, member: CurrentMember, tx: Transaction
) -> Response[Any]:
    form = await read_form(request, AssigneeForm)
    assignee = await assignees.parse_assignee(tx, workspace.id, form.assignee)
    account = str(assignee.account_id) if assignee else None
    return await _change(request, tx, member, ref, NewValue(Field.ASSIGNEE, account))


@post("/inbox/{ref:str}/tags", opt=members_only(), include_in_schema=False)
async def set_tags(request: PageRequest, ref: FromPath[str], member: CurrentMember, tx: Transaction) -> Response[Any]:
    tags = parse_tags((await read_form(request, TagsForm)).tags)
    return await _change(request, tx, member, ref, NewValue(Field.TAGS, tuple(tags)))


ROUTES = [show_ticket, reply, set_status, set_priority, assign, set_tags]


async def _set_status(request: PageRequest, tx: Tx, member: Member, ref: str, status: Status, done: str) -> str:
    """The path to show: of this ticket, or of the next one for members who chose to go on after resolving."""
    before, now, query = await service.get_ticket(tx, member.workspace_id, ref), utcnow(), request.query_params
    author = Author(member.name, member.account_id)
    change = await changes.change_field(tx, member.workspace_id, [ref], NewValue(Field.STATUS, status), author, now)
    path = _path(request, ref)
    address = path
    if change.steps and status.is_done and (await members.get_preferences(tx, member)).next_after_resolving:
        position = await find_list_position(tx, member.workspace_id, member, before, query, now)
        address = (position.next or position.list_address) if position.is_known else path
    return await path_with_undo(tx, member, replace(change, path=path), done, address)


async def _change(request: PageRequest, tx: Tx, member: Member, ref: str, new: NewValue) -> Response[Any]:
    author = Author(member.name, member.account_id)
    change = await changes.change_field(tx, member.workspace_id, [ref], new, author, utcnow())
    return redirect(await path_with_undo(tx, member, replace(change, path=_path(request, ref)), "changed"))


def _path(request: PageRequest, ref: str) -> str:
    """The ticket's page, in the list that it was opened from."""
    query = list_parameters(request.query_params)
    return f"/inbox/{ref}?{urlencode(query)}" if query else f"/inbox/{ref}"


def _settings(state: State) -> Settings:
    settings: Settings = state.settings
    return settings
