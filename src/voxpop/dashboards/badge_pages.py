"""The settings page of public badges: the switch of a series, a preview, and the snippets. Parses, calls, shows."""

from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response, get, post
from msgspec import Meta, Struct

from voxpop.accounts.models import Role
from voxpop.auth.dependencies import CurrentActor, CurrentWorkspace, PageRequest, Renderer, Transaction
from voxpop.auth.guards import members_only
from voxpop.config.settings import Settings
from voxpop.dashboards import badges
from voxpop.dashboards.dates import DEFAULT_DAYS
from voxpop.dashboards.feedback_parameters import read_series
from voxpop.dashboards.models import SeriesKey
from voxpop.dashboards.page_models import KIND_NAMES, PERIODS
from voxpop.dashboards.viewer import load_viewer
from voxpop.hosts import workspace_url
from voxpop.i18n import N_
from voxpop.types import Audit, utcnow
from voxpop.web.forms import read_form
from voxpop.web.pages import redirect

PATH, PAGE = "/settings/badges", "dashboards/badges.html"
TOASTS = {"on": N_("Badge switched on"), "off": N_("Badge switched off")}

Word = Annotated[str, Meta(max_length=200)]


class SwitchForm(Struct):
    """The switch of a series' badge, and how the page shows it afterwards."""

    series: Word
    public: Word = ""
    survey_type: Word = ""
    days: Word = ""


@get(PATH, opt=members_only(Role.ADMIN), include_in_schema=False)
async def show_badges(
    request: PageRequest, tx: Transaction, actor: CurrentActor, workspace: CurrentWorkspace, render: Renderer
) -> Response[Any]:
    """The badges that are on, and one series with its badge. Other words than the known ones count as the default."""
    settings: Settings = request.app.state.settings
    given = request.query_params
    viewer = await load_viewer(tx, actor, utcnow())
    shown = None
    if given.get("series"):
        days = next((each for each in PERIODS if str(each) == given.get("days")), DEFAULT_DAYS)
        shown = await badges.preview_badge(tx, viewer, read_series(given["series"]), given.get("survey_type", ""), days)
    return render(
        PAGE,
        active="settings",
        section="badges",
        toasts=TOASTS,
        rows=await badges.list_public_badges(tx, viewer),
        options=await badges.list_candidates(tx, viewer),
        shown=shown,
        address=_address(workspace_url(settings.public_url, workspace.slug), workspace.slug, shown) if shown else None,
        periods=PERIODS,
        kind_names=KIND_NAMES,
    )


@post(PATH, opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def switch_badge(request: PageRequest, tx: Transaction, actor: CurrentActor) -> Response[Any]:
    """Shows or hides a badge. Repeating it changes nothing."""
    form, now = await read_form(request, SwitchForm), utcnow()
    viewer = await load_viewer(tx, actor, now)
    is_public = bool(form.public)
    await badges.switch_badge(tx, viewer, read_series(form.series), public=is_public, audit=Audit(now, actor.name))
    shown = {"series": form.series, "survey_type": form.survey_type, "days": form.days}
    kept = {name: text for name, text in shown.items() if text}
    return redirect(f"{PATH}?{urlencode(kept | {'done': 'on' if is_public else 'off'})}")


ROUTES: list[Any] = [show_badges, switch_badge]


class BadgeAddress(Struct, frozen=True):
    """Where the badge is open to everyone. It names the survey type, because the series may get ratings of others."""

    svg: str
    json: str


def _address(base: str, slug: str, shown: badges.BadgePreview) -> BadgeAddress:
    key: SeriesKey = shown.key
    query = urlencode({"survey_type": shown.badge.survey_type, "days": shown.badge.days})
    svg, json = (f"{base}/badge/{slug}/{key.kind}-{key.id}.{form}?{query}" for form in ("svg", "json"))
    return BadgeAddress(svg, json)
