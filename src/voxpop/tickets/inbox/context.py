"""The context of the inbox's templates: a list with its views, a ticket with its place in the list."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from voxpop.accounts import members
from voxpop.accounts.models import Member
from voxpop.cursors import Position, decode_cursor, encode_cursor
from voxpop.db.pool import Tx
from voxpop.search_text import MAX_QUERY_WORDS, parse_query
from voxpop.tickets import conversations, limits, service, store
from voxpop.tickets.inbox.models import (
    BUILT_IN_VIEWS,
    PAGE_SIZE,
    SORT_OPTIONS,
    Tab,
    View,
    short_names,
)
from voxpop.tickets.lists import saved_views
from voxpop.tickets.lists import service as lists
from voxpop.tickets.lists import store as list_store
from voxpop.tickets.lists.filters import FILTERS, TicketFilter
from voxpop.tickets.lists.models import Sort, TicketRow
from voxpop.tickets.models import Priority, Status, Ticket
from voxpop.types import WorkspaceId

MAX_OTHER_TICKETS = 5  # of the same requester, beside a ticket


class ListPosition(Struct, frozen=True):
    """The place of a ticket in the list that it was opened from, and the links to the tickets before and after it."""

    list_address: str
    is_known: bool = False  # whether the address names the list
    left: int | None = None  # tickets that follow, as `count_tickets` returns it
    previous: str | None = None
    next: str | None = None


async def list_context(tx: Tx, workspace: WorkspaceId, member: Member, view: View, now: datetime) -> dict[str, Any]:
    ticket_filter = view.to_filter(member.account_id, now)
    cursor = view.after[-1] if view.after else None
    page = await lists.list_tickets(tx, workspace, ticket_filter, view.sort_order, cursor, PAGE_SIZE)
    tabs = await _tabs(tx, workspace, member, now)
    first = len(view.after) * PAGE_SIZE
    last = first + len(page.rows)
    return {
        "active": "inbox",
        "view": view,
        "filters": FILTERS,
        "sort_options": SORT_OPTIONS,
        "page": page,
        "highlights": page.highlights,
        "first": first,
        "total": await lists.count_tickets(tx, workspace, ticket_filter) if page.next_cursor else last,
        "count_limit": lists.COUNT_LIMIT,
        "left_out": parse_query(view.text).left_out,
        "max_query_words": MAX_QUERY_WORDS,
        "tabs": tabs,
        "current": next((tab for tab in tabs if tab.view.query == view.with_changes().query), None),
        "assignee_names": short_names(
            {row.assignee_id: row.assignee_name for row in page.rows if row.assignee_id and row.assignee_name}
        ),
        "link": lambda row: _ticket_link(row.ref, view, view.sort_order.position(row)),
        "previous_page": view.previous_page().address if view.after else None,
        "next_page": view.next_page(page.next_cursor).address if page.next_cursor else None,
        "sent": "",
        "undo": None,
        "export": urlencode(ticket_filter.api_parameters | {"bom": "true"}, doseq=True),
        **await form_options(tx, workspace, member),
    }


async def ticket_context(
    tx: Tx, workspace: WorkspaceId, member: Member, ref: str, query: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """`query`: the parameters of the page's address, which name the list that the ticket was opened from."""
    ticket = await service.get_ticket(tx, workspace, ref)
    list_query = list_parameters(query)
    conversation = await conversations.load_page(tx, workspace, ticket, query.get("before"))
    return {
        "active": "inbox",
        "ticket": ticket,
        "conversation": conversation,
        "earlier": urlencode(list_query | {"before": conversation.earlier}) if conversation.earlier else None,
        "ticket_tags": [tag.name for tag in await store.list_ticket_tags(tx, workspace, ticket.id)],
        "names": await members.get_names(tx, workspace, [ticket.assignee_id] if ticket.assignee_id else []),
        "other_tickets": await _other_tickets(tx, workspace, ticket),
        "position": await find_list_position(tx, workspace, member, ticket, query, now),
        "count_limit": lists.COUNT_LIMIT,
        "list_query": f"?{urlencode(list_query)}" if list_query else "",
        "draft": {},
        "is_new": query.get("done") == "opened",
        "sent": "",
        "undo": None,
        **await form_options(tx, workspace, member),
    }


async def form_options(tx: Tx, workspace: WorkspaceId, member: Member) -> dict[str, Any]:
    """The options of forms that change tickets. `assignable`: value and label of each other member."""
    colleagues = await members.list_members(tx, workspace)
    tags = [tag.name for tag in await store.list_tags(tx, workspace)]
    return {
        "assignable": [
            (str(each.account_id), each.name) for each in colleagues if each.account_id != member.account_id
        ],
        "tags": tags,
        "tag_options": [(tag, tag) for tag in tags],
        "statuses": list(Status),
        "priorities": list(Priority),
        "limits": limits,
    }


def list_parameters(query: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a ticket's address that name its list: the view's query string and the ticket's place."""
    return {name: query[name] for name in ("in", "at") if name in query}


async def _tabs(tx: Tx, workspace: WorkspaceId, member: Member, now: datetime) -> list[Tab]:
    """The built-in views, then the saved ones, each with its number of tickets."""
    views = [Tab(name, view, None) for name, view in BUILT_IN_VIEWS.items()]
    for saved in await saved_views.list_views(tx, workspace, member.account_id):
        views.append(Tab(saved.name, View.parse(saved.query), None, saved.id))
    return [
        replace(tab, count=await lists.count_tickets(tx, workspace, tab.view.to_filter(member.account_id, now)))
        for tab in views
    ]


async def _other_tickets(tx: Tx, workspace: WorkspaceId, ticket: Ticket) -> list[TicketRow]:
    """The latest other tickets of the requester."""
    same_requester = TicketFilter(requester=ticket.requester_email_folded)
    page = await lists.list_tickets(tx, workspace, same_requester, Sort(), None, MAX_OTHER_TICKETS + 1)
    return [row for row in page.rows if row.id != ticket.id][:MAX_OTHER_TICKETS]


async def find_list_position(
    tx: Tx, workspace: WorkspaceId, member: Member, ticket: Ticket, query: Mapping[str, str], now: datetime
) -> ListPosition:
    """By the position that the ticket had in the list; a change may have moved or removed it since."""
    view = View.parse(query.get("in", ""))
    if "in" not in query:
        return ListPosition(view.address)
    sort = view.sort_order
    at = decode_cursor(query.get("at"), sort.name) or sort.position(ticket)
    found = await lists.find_adjacent(tx, workspace, view.to_filter(member.account_id, now), sort, at, ticket.id)
    positions = {each.id: each for each in (found.previous, found.next) if each}
    links: dict[UUID, str] = {
        row.id: _ticket_link(row.ref, view, positions[row.id])
        for row in await list_store.list_rows(tx, workspace, list(positions))
    }
    return ListPosition(
        view.address,
        is_known=True,
        left=found.left,
        previous=links.get(found.previous.id) if found.previous else None,
        next=links.get(found.next.id) if found.next else None,
    )


def _ticket_link(ref: str, view: View, at: Position) -> str:
    query = {"in": view.query, "at": encode_cursor(at, view.sort_order.name)}
    return f"/inbox/{ref}?{urlencode(query)}"
