"""The context of the inbox's templates: a list with its views, a ticket with its place in the list."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct
from msgspec.structs import astuple

from voxpop.accounts import members
from voxpop.accounts.models import Member
from voxpop.cursors import Position, decode_cursor, encode_cursor
from voxpop.db.pool import Tx
from voxpop.search_text import MAX_QUERY_WORDS, parse_query
from voxpop.tickets import conversations, limits, service
from voxpop.tickets import store as ticket_store
from voxpop.tickets.inbox import store
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
from voxpop.types import AccountId, TicketId, WorkspaceId

MAX_OTHER_TICKETS = 5  # of the same requester, beside a ticket


class ListPosition(Struct, frozen=True):
    """The place of a ticket in the list that it was opened from, and the links to the tickets before and after it."""

    list_address: str
    is_known: bool = False  # whether the address names the list
    left: int | None = None  # tickets that follow, as `count_tickets` returns it
    previous: str | None = None
    next: str | None = None


def _pager(view: View, next_cursor: str | None) -> dict[str, Any]:
    return {
        "first": len(view.after) * PAGE_SIZE,
        "previous_page": view.previous_page().address if view.after else None,
        "next_page": view.next_page(next_cursor).address if next_cursor else None,
    }


def _assignee_names(rows: Sequence[TicketRow]) -> dict[AccountId, str]:
    return short_names({row.assignee_id: row.assignee_name for row in rows if row.assignee_id and row.assignee_name})


async def list_context(tx: Tx, workspace: WorkspaceId, member: Member, view: View, now: datetime) -> dict[str, Any]:
    ticket_filter = view.to_filter(member.account_id, now)
    tabs = await _tabs(tx, workspace, member, now)
    current = next((tab for tab in tabs if tab.view.query == view.with_changes().query), None)
    sort, link = view.sort_order, _link_maker(view)
    page = await lists.list_tickets(tx, workspace, ticket_filter, sort, view.cursor, PAGE_SIZE)
    total: int | None = len(view.after) * PAGE_SIZE + len(page.rows)
    if page.next_cursor:
        total = current.count if current else await lists.count_tickets(tx, workspace, ticket_filter)
    return {
        "active": "inbox",
        "view": view,
        "filters": FILTERS,
        "sort_options": SORT_OPTIONS,
        "page": page,
        "highlights": page.highlights,
        "total": total,
        "count_limit": lists.COUNT_LIMIT,
        "left_out": parse_query(view.text).left_out,
        "max_query_words": MAX_QUERY_WORDS,
        "tabs": tabs,
        "current": current,
        "assignee_names": _assignee_names(page.rows),
        "links": {row.id: link(row.ref, sort.position(row)) for row in page.rows},
        **_pager(view, page.next_cursor),
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
        "ticket_tags": [tag.name for tag in await ticket_store.list_ticket_tags(tx, workspace, ticket.id)],
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
    tags = [tag.name for tag in await ticket_store.list_tags(tx, workspace)]
    return {
        "assignable": tuple(
            (str(each.account_id), each.name) for each in colleagues if each.account_id != member.account_id
        ),
        "tags": tags,
        "tag_options": tuple((tag, tag) for tag in tags),
        "statuses": list(Status),
        "priorities": list(Priority),
        "limits": limits,
    }


def list_parameters(query: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a ticket's address that name its list: the view's query string and the ticket's place."""
    return {name: query[name] for name in ("in", "at") if name in query}


async def _tabs(tx: Tx, workspace: WorkspaceId, member: Member, now: datetime) -> list[Tab]:
    """The built-in views, then the saved ones, each with its number of tickets."""
    counts = await store.count_built_in_views(tx, workspace, member.account_id, lists.COUNT_LIMIT)
    tabs = [Tab(name, view, count) for (name, view), count in zip(BUILT_IN_VIEWS.items(), astuple(counts), strict=True)]
    for saved in await saved_views.list_views(tx, workspace, member.account_id):
        view = View.parse(saved.query)
        count = await lists.count_tickets(tx, workspace, view.to_filter(member.account_id, now))
        tabs.append(Tab(saved.name, view, count, saved.id))
    return tabs


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
    positions = {TicketId(each.id): each for each in (found.previous, found.next) if each}
    link, rows = _link_maker(view), await list_store.list_rows(tx, workspace, list(positions))
    links = {row.id: link(row.ref, positions[row.id]) for row in rows}
    return ListPosition(
        view.address,
        is_known=True,
        left=found.left,
        previous=links.get(TicketId(found.previous.id)) if found.previous else None,
        next=links.get(TicketId(found.next.id)) if found.next else None,
    )


def _link_maker(view: View) -> Callable[[str, Position], str]:
    """Makes the address of a ticket from its reference and its place in the list, which the address names."""
    list_query, order = urlencode({"in": view.query}), view.sort_order.name
    return lambda ref, at: f"/inbox/{ref}?{list_query}&at={encode_cursor(at, order)}"
