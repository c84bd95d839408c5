"""The page "Low ratings": ratings of one or two stars with their comments, and their number per tag."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from litestar import MediaType, Response, get

from voxpop.auth.dependencies import CurrentWorkspace, PageRequest, Renderer, Transaction
from voxpop.auth.guards import members_only, public
from voxpop.tickets.lists import low_ratings
from voxpop.tickets.tags import fold_tag
from voxpop.types import utcnow

PATH = "/low-ratings"
PERIODS = (30, 90, 180)  # days
DEFAULT_PERIOD = 90
PAGE_SIZE = 50


@get(PATH, opt=members_only(), include_in_schema=False)
async def show_low_ratings(
    request: PageRequest, workspace: CurrentWorkspace, tx: Transaction, render: Renderer
) -> Response[str]:
    query = request.query_params
    days = next((each for each in PERIODS if str(each) == query.get("days")), DEFAULT_PERIOD)
    tag = query.get("tag") or None
    since = utcnow() - timedelta(days=days)
    page = await low_ratings.list_low_ratings(tx, workspace.id, since, tag, query.get("after"), PAGE_SIZE)
    tag_counts = await low_ratings.count_tags(tx, workspace.id, since)
    return render(
        "tickets/inbox/low_ratings.html",
        active="low-ratings",
        page=page,
        days=days,
        periods=PERIODS,
        tag=tag,
        is_current=lambda name: tag is not None and fold_tag(name) == fold_tag(tag),
        tag_counts=tag_counts,
        average=await low_ratings.average_rating(tx, workspace.id),
        address=_address,
        next_page=page.next_cursor and f"{_address(days, tag)}&after={page.next_cursor}",
    )


@get("/unhappy", opt=public(), include_in_schema=False, sync_to_thread=False)
def redirect_old_address(request: PageRequest) -> Response[Any]:
    """The former address of the page, for bookmarks. The redirect keeps the query."""
    query = request.scope["query_string"].decode("latin-1")
    location = f"{PATH}?{query}" if query else PATH
    return Response(b"", status_code=301, headers={"location": location}, media_type=MediaType.TEXT)


ROUTES = [show_low_ratings, redirect_old_address]


def _address(days: int, tag: str | None) -> str:
    return f"{PATH}?{urlencode({'days': days} | ({'tag': tag} if tag else {}))}"
