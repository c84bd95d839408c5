"""The page of unhappy places: low ratings with what they were about, and where they gather."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get

from voxpop.auth.dependencies import CurrentWorkspace, Renderer, Transaction
from voxpop.auth.guards import members_only
from voxpop.tickets.lists import low_ratings
from voxpop.types import utcnow

PERIODS = (30, 90, 180)  # days
PAGE_SIZE = 50


@get("/unhappy", opt=members_only(), include_in_schema=False)
async def show_unhappy(
    request: Request[Any, Any, Any], workspace: CurrentWorkspace, tx: Transaction, render: Renderer
) -> Response[str]:
    days = next((each for each in PERIODS if str(each) == request.query_params.get("days")), PERIODS[1])
    tag = request.query_params.get("tag") or None
    since = utcnow() - timedelta(days=days)
    page = await low_ratings.list_low_ratings(
        tx, workspace.id, since, tag, request.query_params.get("after"), PAGE_SIZE
    )
    return render(
        "tickets/inbox/unhappy.html",
        active="unhappy",
        page=page,
        days=days,
        periods=PERIODS,
        tag=tag,
        counts=await low_ratings.count_tags(tx, workspace.id, since),
        average=await low_ratings.average_rating(tx, workspace.id),
        address=address,
        more=page.next_cursor and f"{address(days, tag)}&after={page.next_cursor}",
    )


def address(days: int, tag: str | None) -> str:
    return f"/unhappy?{urlencode({'days': days} | ({'tag': tag} if tag else {}))}"


ROUTES = [show_unhappy]
