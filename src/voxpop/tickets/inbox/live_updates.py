"""Live updates of the inbox: a stream of server-sent events that names changed tickets, so that pages reload them."""

from collections.abc import Sequence

from litestar import get
from litestar.response import ServerSentEvent

from voxpop.auth.dependencies import CurrentWorkspace, PageRequest
from voxpop.auth.guards import members_only
from voxpop.auth.streams import open_stream
from voxpop.db.change_feed import Event
from voxpop.tickets.inbox.store import ChangedTicket


@get("/inbox/changes", opt=members_only(has_sidebar=False), include_in_schema=False)
async def stream_changes(request: PageRequest, workspace: CurrentWorkspace) -> ServerSentEvent:
    """Resumes after the last event, or begins at the time of the page."""
    since = request.headers.get("last-event-id") or request.query_params.get("since")
    return open_stream(request, workspace.id, request.app.state.ticket_feed, since)


ROUTES = [stream_changes]


def describe_tickets(changed: Sequence[ChangedTicket]) -> list[Event]:
    return [Event("tickets", " ".join(each.id for each in changed))]
