"""The pages of the inbox: the list, changes of several tickets, saved views, and a new ticket for a customer."""

from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec.structs import replace

from voxpop.auth.dependencies import CurrentMember, CurrentWorkspace, PageRequest, Renderer, Submission, Transaction
from voxpop.auth.guards import members_only
from voxpop.db.pool import Tx
from voxpop.errors import Invalid, NotFound
from voxpop.i18n import N_
from voxpop.tickets import assignees, service
from voxpop.tickets.errors import ViewAlreadyExists
from voxpop.tickets.inbox import changes
from voxpop.tickets.inbox.changes import Change, Field, NewValue, TagChange
from voxpop.tickets.inbox.context import form_options, list_context
from voxpop.tickets.inbox.models import View
from voxpop.tickets.inbox.schemas import BulkForm, TicketForm, ViewForm, explain_ticket
from voxpop.tickets.inbox.undo_pages import path_with_undo, undo_context
from voxpop.tickets.lists import saved_views
from voxpop.tickets.lists.filters import UNRESOLVED_TEXT
from voxpop.tickets.models import Author, Priority, Status
from voxpop.tickets.tags import parse_tags
from voxpop.types import Audit, WorkspaceId, utcnow
from voxpop.web.forms import read_form, submitted_values
from voxpop.web.pages import redirect
from voxpop.web.validation import read_id

LIST, NEW = "tickets/inbox/list.html", "tickets/inbox/new.html"
TOASTS = {
    "changed": N_("Nothing to change."),  # where there is something to undo, a message with the button replaces it
    "sent": N_("Reply added."),
    "undone": N_("Undone."),
    "saved": N_("View saved."),
    "deleted": N_("View deleted."),
}
NONE_SELECTED = N_("Select at least one ticket.")
TICKET_MISSING = N_("One of the tickets no longer exists, so nothing was changed. Reload the page.")
NO_TAG = N_("Enter at least one tag.")
STATUSES = {"resolve": Status.RESOLVED, "close": Status.CLOSED}  # that a form sets for several tickets
UNKNOWN_ACTION = N_("Choose what to do with the tickets.")


@get("/inbox", opt=members_only(), include_in_schema=False)
async def show_inbox(
    request: PageRequest, workspace: CurrentWorkspace, member: CurrentMember, tx: Transaction, render: Renderer
) -> Response[Any]:
    query = request.query_params.dict()
    view = View.read(query)
    if View.is_sent_form(query):
        return redirect(view.address)
    context = await list_context(tx, workspace.id, member, view, utcnow())
    return render(LIST, toasts=TOASTS, **context | await undo_context(request, tx, member))


@post("/inbox/bulk", opt=members_only(), include_in_schema=False)
async def change_several(
    request: PageRequest, workspace: CurrentWorkspace, member: CurrentMember, tx: Transaction, render: Renderer
) -> Response[Any]:
    """Changes all selected tickets or none. An error is shown above the same list."""
    view, now = View.read(request.query_params.dict()), utcnow()
    author = Author(member.name, member.account_id)
    try:
        change = await _change_several(tx, workspace.id, await read_form(request, BulkForm), author, now)
    except (Invalid, NotFound) as error:
        context = await list_context(tx, workspace.id, member, view, now)
        raise render.with_errors(LIST, _explain_bulk_error(error), **context) from None
    return redirect(await path_with_undo(tx, member, replace(change, path=view.address), "changed"))


@post("/inbox/views", opt=members_only(), include_in_schema=False)
async def save_view(
    request: PageRequest,
    workspace: CurrentWorkspace,
    member: CurrentMember,
    tx: Transaction,
    render: Renderer,
    submission: Submission,
) -> Response[Any]:
    form = await read_form(request, ViewForm)
    view = View.parse(form.query).with_changes()
    owner = None if form.shared else member.account_id
    new = saved_views.NewView(form.name, view.query, owner)

    async def work() -> str:
        await saved_views.save_view(tx, workspace.id, new, Audit(utcnow(), member.actor().name))
        return f"{view.address}&done=saved"

    try:
        return redirect(await submission.run_once(tx, work))
    except (Invalid, ViewAlreadyExists) as error:
        context = await list_context(tx, workspace.id, member, view, utcnow())
        raise render.with_errors(LIST, error, **context) from None


@post("/inbox/views/{view:str}/delete", opt=members_only(), include_in_schema=False)
async def delete_view(
    view: FromPath[str], workspace: CurrentWorkspace, member: CurrentMember, tx: Transaction
) -> Response[Any]:
    await saved_views.delete_view(tx, workspace.id, read_id(view, "view"), member.account_id)
    return redirect(f"/inbox?status={UNRESOLVED_TEXT}&done=deleted")


@get("/inbox/new", opt=members_only(), include_in_schema=False)
async def show_new_ticket(
    workspace: CurrentWorkspace, member: CurrentMember, tx: Transaction, render: Renderer
) -> Response[str]:
    return render(NEW, active="inbox", typed={}, **await form_options(tx, workspace.id, member))


@post("/inbox/new", opt=members_only(), include_in_schema=False)
async def open_ticket(
    request: PageRequest,
    workspace: CurrentWorkspace,
    member: CurrentMember,
    tx: Transaction,
    render: Renderer,
    submission: Submission,
) -> Response[Any]:
    """Opens a ticket for a customer who called or wrote elsewhere."""

    async def work() -> str:
        form = await read_form(request, TicketForm)
        assignee = await assignees.get_assignee(tx, workspace.id, form.assignee) if form.assignee else None
        new = form.to_ticket(assignee.account_id if assignee else None)
        ticket = await service.open_ticket(tx, workspace.id, new, Author(member.name, member.account_id), utcnow())
        return f"/inbox/{ticket.ref}?done=opened"

    try:
        return redirect(await submission.run_once(tx, work))
    except Invalid as error:
        typed = await submitted_values(request)
        context = await form_options(tx, workspace.id, member)
        explained = explain_ticket(error, typed.get("email", ""))
        raise render.with_errors(NEW, explained, active="inbox", typed=typed, **context) from None


@get("/admin/tickets/{ref:str}", opt=members_only(), include_in_schema=False, sync_to_thread=False)
def redirect_admin_address(ref: FromPath[str]) -> Response[Any]:
    """Other helpdesks have a ticket's page at this address (T22)."""
    return redirect(f"/inbox/{ref}")


ROUTES = [show_inbox, change_several, save_view, delete_view, show_new_ticket, open_ticket, redirect_admin_address]


async def _change_several(tx: Tx, workspace: WorkspaceId, form: BulkForm, author: Author, now: datetime) -> Change:
    if not form.ref:
        raise Invalid(NONE_SELECTED)
    action, _, value = form.do.partition(":")
    if action in ("tag", "untag"):
        if not (names := parse_tags(form.tags)):
            raise Invalid(NO_TAG)
        tags = TagChange(tuple(names), is_removal=action == "untag")
        return await changes.change_tags(tx, workspace, form.ref, tags, author, now)
    new = await _new_value(tx, workspace, action, value)
    return await changes.change_field(tx, workspace, form.ref, new, author, now)


async def _new_value(tx: Tx, workspace: WorkspaceId, action: str, value: str) -> NewValue:
    """What the button of a bulk form sets. Only a changed page sends anything else."""
    if action in STATUSES:
        return NewValue(Field.STATUS, STATUSES[action])
    if action == "priority" and value in list(Priority):
        return NewValue(Field.PRIORITY, value)
    if action == "assign" and value:
        assignee = await assignees.parse_assignee(tx, workspace, value)
        return NewValue(Field.ASSIGNEE, str(assignee.account_id) if assignee else None)
    raise Invalid(UNKNOWN_ACTION)


def _explain_bulk_error(error: Invalid | NotFound) -> Invalid:
    """Only a changed page can send a field that does not fit, so its details say nothing to the member."""
    if isinstance(error, NotFound):
        return Invalid(TICKET_MISSING)
    return Invalid(UNKNOWN_ACTION) if error.details else error
