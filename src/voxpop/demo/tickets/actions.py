"""The actions on simulated tickets, and the calls of the ticket service that perform them."""

from datetime import datetime
from enum import Enum, auto
from typing import Any

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.tickets import ratings, service
from voxpop.tickets.models import Author
from voxpop.workspaces.models import Workspace

PORTAL_URL = "http://localhost"  # for links in emails, which are discarded


class ActionKind(Enum):
    """The kind of an action. The comments give the type of its value."""

    OPEN = auto()  # NewTicket
    ASSIGN = auto()  # Assignee
    SET_TAGS = auto()  # list[str]
    SET_PRIORITY = auto()  # Priority
    REPLY = auto()  # str
    NOTE = auto()  # str
    CUSTOMER_REPLY = auto()  # str
    SET_STATUS = auto()  # Status
    SHOW_PANEL = auto()  # None; the requester sees the rating panel
    RATE = auto()  # NewRating


class TicketAction(Struct, frozen=True):
    """One action of an agent or of the requester."""

    at: datetime
    author: Author
    kind: ActionKind
    value: Any = None


class SimulatedTicket(Struct):
    """A ticket's actions in order of time; the first one opens it. `ref` is known from then on."""

    requester_email: str
    actions: list[TicketAction]
    ref: str = ""


async def perform(tx: Tx, workspace: Workspace, ticket: SimulatedTicket, action: TicketAction) -> None:
    """Calls the service at the time of the action."""
    match action.kind:
        case ActionKind.OPEN:
            opened = await service.open_ticket(tx, workspace.id, action.value, action.author, action.at)
            ticket.ref = opened.ref
        case ActionKind.SHOW_PANEL:
            shown = await service.get_ticket(tx, workspace.id, ticket.ref)
            await ratings.mark_panel_shown(tx, workspace, shown, action.at)
        case ActionKind.RATE:
            await ratings.rate(tx, workspace, ticket.ref, action.value, ticket.requester_email, action.at)
        case ActionKind.REPLY:
            author, at = action.author, action.at
            await service.reply(tx, workspace.id, ticket.ref, action.value, author, PORTAL_URL, at)
        case _:
            await _change(tx, workspace, ticket.ref, action)


async def _change(tx: Tx, workspace: Workspace, ref: str, action: TicketAction) -> None:
    value, author, at = action.value, action.author, action.at
    match action.kind:
        case ActionKind.ASSIGN:
            await service.assign(tx, workspace.id, [ref], value, author, at)
        case ActionKind.SET_TAGS:
            await service.set_tags(tx, workspace.id, ref, value, author, at)
        case ActionKind.SET_PRIORITY:
            await service.set_priority(tx, workspace.id, ref, value, author, at)
        case ActionKind.NOTE:
            await service.note(tx, workspace.id, ref, value, author, at)
        case ActionKind.CUSTOMER_REPLY:
            await service.customer_reply(tx, workspace.id, ref, value, author, at)
        case ActionKind.SET_STATUS:
            await service.set_status(tx, workspace.id, [ref], value, author, at)
        case _:
            raise AssertionError(action.kind)
