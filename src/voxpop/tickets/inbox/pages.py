"""The agents' inbox: the list with its views, what is done to several tickets at once, a ticket for a customer."""

from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from voxpop.accounts import members
from voxpop.accounts.models import Member
from voxpop.auth.dependencies import CurrentMember, CurrentWorkspace, Renderer, Transaction
from voxpop.auth.guards import members_only
from voxpop.db.pool import Tx
from voxpop.errors import AppError, FieldError, Invalid, NotFound
from voxpop.i18n import N_
from voxpop.tickets import assignees, limits, service, store
from voxpop.tickets.errors import ViewAlreadyExists
from voxpop.tickets.inbox.models import BUILT_IN_VIEWS, PAGE_SIZE, SORT_OPTIONS, Tab, View, short_names
from voxpop.tickets.limits import MAX_BULK_TICKETS, MAX_TAG_LIST, MAX_TEXT, MAX_VIEW_QUERY
from voxpop.tickets.lists import saved_views
from voxpop.tickets.lists import service as lists
from voxpop.tickets.lists.filters import FILTERS, UNRESOLVED_TEXT
from voxpop.tickets.models import Assignee, Author, NewTicket, Priority, Requester, Status
from voxpop.tickets.tags import parse_tags
from voxpop.types import Audit, Email, Name, NotBlank, utcnow
from voxpop.web.forms import read_form, submitted_values
from voxpop.web.pages import redirect
from voxpop.web.rendering import PageRenderer
from voxpop.web.validation import read_id
from voxpop.workspaces.models import Workspace

Req = Request[Any, Any, Any]

INBOX, NEW = "tickets/inbox/list.html", "tickets/inbox/new.html"
TOASTS = {
    "assigned": N_("Assigned."),
    "resolved": N_("Resolved."),
    "saved": N_("View saved."),
    "deleted": N_("View deleted."),
}
NOTHING_PICKED = N_("Pick at least one ticket first.")
GONE = N_("One of the tickets isn’t there any more, so nothing was changed. Load the page again.")
WHAT = N_("Choose what to do with the tickets.")

# What to do about a field that does not fit.
FIELDS = {
    "name": N_("Write the name, at most 200 characters."),
    "email": N_("Write an address like ann@example.com."),
    "subject": N_("Write a subject, at most 200 characters."),
    "description": N_("Describe it, in at most 50,000 characters."),
    "body": N_("Write something, at most 50,000 characters."),
    "assignee": N_("Choose somebody who works here."),
    "tags": N_("Use tags of at most 200 characters."),
}

LongText = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT), NotBlank]


class BulkForm(Struct):
    """`ref`: the tickets; `do`: resolve or assign, then to whom."""

    do: str
    ref: Annotated[list[str], Meta(max_length=MAX_BULK_TICKETS)] = []
    assignee: str = ""


class ViewForm(Struct):
    name: Name
    query: Annotated[str, Meta(max_length=MAX_VIEW_QUERY)]
    shared: str = ""


class TicketForm(Struct):
    name: Name
    email: Email
    subject: Name
    description: LongText
    priority: Priority = Priority.MEDIUM
    tags: Annotated[str, Meta(max_length=MAX_TAG_LIST)] = ""
    assignee: str = ""


@get("/inbox", opt=members_only(), include_in_schema=False)
async def show_inbox(
    request: Req, workspace: CurrentWorkspace, member: CurrentMember, tx: Transaction, render: Renderer
) -> Response[str]:
    view = View.read(request.query_params.dict())
    return render(INBOX, active="inbox", toasts=TOASTS, **await inbox_context(tx, workspace, member, view))


@post("/inbox/bulk", opt=members_only(), include_in_schema=False)
async def change_several(
    request: Req, workspace: CurrentWorkspace, member: CurrentMember, tx: Transaction, render: Renderer
) -> Response[Any]:
    """All of them or none: what is refused is said above the list, which is otherwise as it was."""
    view = View.read(request.query_params.dict())
    try:
        done = await _change(tx, workspace, member, await read_form(request, BulkForm))
    except NotFound:
        raise await _refused(tx, (workspace, member, render), view, Invalid(GONE)) from None
    except Invalid as fault:
        said = Invalid(WHAT) if fault.details else fault  # a field that only a changed page could send
        raise await _refused(tx, (workspace, member, render), view, said) from None
    return redirect(f"{view.address}&done={done}")


@post("/inbox/views", opt=members_only(), include_in_schema=False)
async def save_view(
    request: Req, workspace: CurrentWorkspace, member: CurrentMember, tx: Transaction, render: Renderer
) -> Response[Any]:
    form = await read_form(request, ViewForm)
    view = View.parse(form.query).with_changes()
    owner = None if form.shared else member.account_id
    new = saved_views.NewView(form.name.strip(), view.query, owner)
    try:
        await saved_views.save_view(tx, workspace.id, new, Audit(utcnow(), member.actor().name))
    except (Invalid, ViewAlreadyExists) as fault:
        raise await _refused(tx, (workspace, member, render), view, fault) from None
    return redirect(f"{view.address}&done=saved")


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
    return render(NEW, active="inbox", given={}, **await form_options(tx, workspace, member))


@post("/inbox/new", opt=members_only(), include_in_schema=False)
async def open_ticket(
    request: Req, workspace: CurrentWorkspace, member: CurrentMember, tx: Transaction, render: Renderer
) -> Response[Any]:
    """A ticket for a customer who called or wrote elsewhere."""
    try:
        form = await read_form(request, TicketForm)
        assignee = await assignees.get_assignee(tx, workspace.id, form.assignee) if form.assignee else None
        new = NewTicket(
            subject=form.subject.strip(),
            description=form.description.strip(),
            requester=Requester(form.name.strip(), form.email),
            priority=form.priority,
            assignee_id=assignee.account_id if assignee else None,
            tags=tuple(parse_tags(form.tags)),
        )
        ticket = await service.open_ticket(tx, workspace.id, new, author_of(member), utcnow())
    except Invalid as fault:
        given = await submitted_values(request)
        context = await form_options(tx, workspace, member)
        raise render.with_errors(NEW, in_words(fault), active="inbox", given=given, **context) from None
    return redirect(f"/inbox/{ticket.ref}?done=opened")


@get("/admin/tickets/{ref:str}", opt=members_only(), include_in_schema=False, sync_to_thread=False)
def show_elsewhere(ref: FromPath[str]) -> Response[Any]:
    """The address that such pages have in other helpdesks (T22)."""
    return redirect(f"/inbox/{ref}")


ROUTES = [show_inbox, change_several, save_view, delete_view, show_new_ticket, open_ticket, show_elsewhere]


def in_words(fault: Invalid) -> Invalid:
    """For people: what to do instead of what is wrong."""
    details = [FieldError(each.field, FIELDS.get(each.field, each.message)) for each in fault.details]
    return Invalid(fault.message, details=details)


def author_of(member: Member) -> Author:
    return Author(member.name, member.account_id)


async def inbox_context(tx: Tx, workspace: Workspace, member: Member, view: View) -> dict[str, Any]:
    """What the list's template shows."""
    ticket_filter = view.to_filter(member.account_id, utcnow())
    cursor = view.after[-1] if view.after else None
    page = await lists.list_tickets(tx, workspace.id, ticket_filter, view.sort_order, cursor, PAGE_SIZE)
    tabs = await _tabs(tx, workspace, member)
    first = len(view.after) * PAGE_SIZE
    last = first + len(page.rows)
    return {
        "view": view,
        "filters": FILTERS,
        "sort_options": SORT_OPTIONS,
        "page": page,
        "first": first,
        "total": await lists.count_tickets(tx, workspace.id, ticket_filter) if page.next_cursor else last,
        "most_counted": lists.COUNT_LIMIT,
        "tabs": tabs,
        "current": next((tab for tab in tabs if tab.view.query == view.with_changes().query), None),
        "short": short_names(
            {row.assignee_id: row.assignee_name for row in page.rows if row.assignee_id and row.assignee_name}
        ),
        "link": lambda row, number: f"/inbox/{row.ref}?{urlencode({'in': view.query, 'at': first + number})}",
        "earlier": view.previous_page().address if view.after else None,
        "later": view.next_page(page.next_cursor).address if page.next_cursor else None,
        "export": urlencode(ticket_filter.api_parameters | {"bom": "true"}, doseq=True),
        **await form_options(tx, workspace, member),
    }


async def form_options(tx: Tx, workspace: Workspace, member: Member) -> dict[str, Any]:
    """What agents choose from, wherever they change a ticket; colleagues as the value and words of an option."""
    colleagues = await members.list_members(tx, workspace.id)
    tags = [tag.name for tag in await store.list_tags(tx, workspace.id)]
    return {
        "assignable": [
            (str(each.account_id), each.name) for each in colleagues if each.account_id != member.account_id
        ],
        "limits": limits,
        "tags": tags,
        "tag_options": [(tag, tag) for tag in tags],
        "statuses": list(Status),
        "priorities": list(Priority),
    }


async def _change(tx: Tx, workspace: Workspace, member: Member, form: BulkForm) -> str:
    """What was done, as the word of its toast."""
    if not form.ref:
        raise Invalid(NOTHING_PICKED)
    if form.do == "resolve":
        await service.set_status(tx, workspace.id, form.ref, Status.RESOLVED, author_of(member), utcnow())
        return "resolved"
    if form.do != "assign" or not form.assignee:
        raise Invalid(WHAT)
    await service.assign(
        tx, workspace.id, form.ref, await chosen(tx, workspace, form.assignee), author_of(member), utcnow()
    )
    return "assigned"


async def chosen(tx: Tx, workspace: Workspace, named: str) -> Assignee | None:
    """The member that a form names; None for nobody."""
    return None if named == "nobody" else await assignees.get_assignee(tx, workspace.id, named)


async def _refused(tx: Tx, around: tuple[Workspace, Member, PageRenderer], view: View, fault: AppError) -> Exception:
    workspace, member, render = around
    return render.with_errors(INBOX, fault, active="inbox", **await inbox_context(tx, workspace, member, view))


async def _tabs(tx: Tx, workspace: Workspace, member: Member) -> list[Tab]:
    """The product's own views and the saved ones, each with how many tickets it has."""
    saved = [
        (each.name, View.parse(each.query), each.id)
        for each in await saved_views.list_views(tx, workspace.id, member.account_id)
    ]
    now = utcnow()
    return [
        Tab(name, view, await lists.count_tickets(tx, workspace.id, view.to_filter(member.account_id, now)), ident)
        for name, view, ident in [*((name, view, None) for name, view in BUILT_IN_VIEWS.items()), *saved]
    ]
