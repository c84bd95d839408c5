"""The page "Find". A dialog of every page shows its results as they are typed."""

from typing import Any

from litestar import Response, get

from voxpop.auth.dependencies import CurrentMember, PageRequest, Renderer, Transaction
from voxpop.auth.guards import members_only
from voxpop.dashboards.find import find


@get("/find", opt=members_only(), include_in_schema=False)
async def show_find(request: PageRequest, tx: Transaction, member: CurrentMember, render: Renderer) -> Response[str]:
    text = request.query_params.get("q", "")
    groups = await find(tx, member, text, render.locale)
    return render("dashboards/find.html", active="find", query=text, groups=groups)


ROUTES: list[Any] = [show_find]
