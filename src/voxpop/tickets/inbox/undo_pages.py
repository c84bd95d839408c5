"""Undoing a change of tickets: the message after the change offers it, and its button leads here."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from voxpop.accounts.models import Member
from voxpop.auth.dependencies import CurrentMember, CurrentWorkspace, PageRequest, Transaction
from voxpop.auth.guards import members_only
from voxpop.db.pool import Tx
from voxpop.tickets.inbox import changes
from voxpop.tickets.inbox.changes import Change, MadeChange
from voxpop.tickets.models import Author
from voxpop.types import utcnow
from voxpop.web.pages import redirect
from voxpop.web.validation import read_id


@post("/inbox/undo/{change:str}", opt=members_only(), include_in_schema=False)
async def undo(
    change: FromPath[str], workspace: CurrentWorkspace, member: CurrentMember, tx: Transaction
) -> Response[Any]:
    """Undoes one's own change. A repeated request changes nothing and gets the same response."""
    author = Author(member.name, member.account_id)
    undone = await changes.undo_change(tx, workspace.id, member.account_id, read_id(change, "change"), author, utcnow())
    return redirect(with_parameters(undone.path, done="undone"))


ROUTES = [undo]


async def path_with_undo(tx: Tx, member: Member, change: Change, done: str, path: str | None = None) -> str:
    """The path of the change, or another one, whose page offers to undo it. `done` selects the message."""
    parameters = {"done": done}
    if change.steps:
        stored = await changes.store_change(tx, member.workspace_id, member.account_id, change, utcnow())
        parameters["undo"] = str(stored)
    return with_parameters(path or change.path, **parameters)


async def undo_context(request: PageRequest, tx: Tx, member: Member, ref: str = "") -> dict[str, Any]:
    """The context of a page that offers to undo a change, with a message that replaces the plain one.

    `sent` is the ticket whose reply or note was just sent: that of the change, or else that of the page.
    """
    made = await _find_change(tx, member, request.query_params.get("undo", ""))
    is_sent = request.query_params.get("done") in ("sent", "noted")
    sent = (made.change.steps[0].ref if made else ref) if is_sent else ""
    return {"undo": made, "sent": sent} | ({"toast": None} if made else {})


async def _find_change(tx: Tx, member: Member, text: str) -> MadeChange | None:
    try:
        change = UUID(text)
    except ValueError:
        return None
    return await changes.find_change(tx, member.workspace_id, member.account_id, change)


def with_parameters(path: str, **parameters: str) -> str:
    """The path with more parameters in its query."""
    return f"{path}{'&' if '?' in path else '?'}{urlencode(parameters)}"
