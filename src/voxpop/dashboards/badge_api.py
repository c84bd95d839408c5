"""Public badges as pictures and JSON, and the switch of a series' badge."""

import re
from typing import Annotated, Any

from litestar import Request, Response, get, put
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from voxpop.accounts import sessions
from voxpop.auth.dependencies import CurrentActor, Transaction
from voxpop.auth.guards import requires_scope
from voxpop.dashboards import badges
from voxpop.dashboards.badges import Badge
from voxpop.dashboards.models import Kind, SeriesKey
from voxpop.dashboards.page_models import PeriodDays
from voxpop.dashboards.parameters import KindPath, TypeCode, read_kind
from voxpop.dashboards.viewer import load_viewer
from voxpop.db.pool import Database
from voxpop.errors import NotFound
from voxpop.types import Actor, Audit, Scope, utcnow
from voxpop.web.validation import read_id

TAG = ["Series"]
FILE = re.compile(r"(?P<kind>[a-z_]+)-(?P<id>[0-9a-fA-F-]{36})\.(?P<form>svg|json)\Z")
HEADERS = {"cache-control": "public, max-age=300", "access-control-allow-origin": "*"}

SlugPath = FromPath[Annotated[str, Meta(description="The slug of the workspace", examples=["acme"])]]
FilePath = FromPath[
    Annotated[
        str,
        Meta(
            description="The kind and the id of the series, with `.svg` or `.json`",
            examples=["campaign-01939d54-2f8e-7cc1-9a5e-5b0c1f4e8a77.json"],
        ),
    ]
]
Days = Annotated[PeriodDays, Meta(description="The last days, up to today", examples=["90"])]
SeriesPath = FromPath[Annotated[str, Meta(description="The id of the series", extra_json_schema={"format": "uuid"})]]


class BadgeSwitch(Struct, frozen=True):
    """Whether the badge of a series is open to everyone."""

    public: bool


@get(
    "/badge/{slug:str}/{file:str}",
    tags=TAG,
    summary="Public badge of a series",
    description="The rating of a series for a website, as SVG or JSON. Open to everyone once it is switched on.",
    opt={"errors": (NotFound,)},
)
async def show_badge(
    request: Request[None, None, State],
    slug: SlugPath,
    file: FilePath,
    survey_type: FromQuery[TypeCode | None] = None,
    days: FromQuery[Days] = "90",
) -> Response[Badge]:
    match = FILE.match(file)
    if match is None or match["kind"] not in set(Kind):
        raise NotFound
    key = SeriesKey(Kind(match["kind"]), read_id(match["id"], "id"))
    badge = await _load(request.app.state.database, slug, key, survey_type, int(days))
    if match["form"] == "json":
        return Response(badge, headers=HEADERS)
    return _picture(badge.svg)


@put(
    "/api/v1/series/{kind:str}/{series:str}/badge",
    opt=requires_scope(Scope.MANAGE),
    tags=TAG,
    summary="Switch the public badge of a series",
    description="Badges are off by default. Repeating the request changes nothing.",
)
async def switch_badge(
    tx: Transaction, actor: CurrentActor, kind: KindPath, series: SeriesPath, data: JSONBody[BadgeSwitch]
) -> BadgeSwitch:
    now = utcnow()
    viewer = await load_viewer(tx, actor, now)
    key = SeriesKey(read_kind(kind), read_id(series, "id"))
    await badges.switch_badge(tx, viewer, key, public=data.public, audit=Audit(now, actor.name))
    return data


ROUTES: list[Any] = [show_badge, switch_badge]


async def _load(database: Database, slug: str, key: SeriesKey, survey_type: str | None, days: int) -> Badge:
    workspace = await sessions.find_workspace(database, slug)
    if workspace is None:
        raise NotFound.of("Series", key.id)
    async with database.transaction(workspace.id) as tx:
        viewer = await load_viewer(tx, Actor(workspace.id, "anonymous", frozenset()), utcnow())
        return await badges.get_badge(tx, viewer, key, survey_type, days)


def _picture(svg: str) -> Response[Any]:
    return Response(svg, media_type="image/svg+xml", headers=HEADERS)
