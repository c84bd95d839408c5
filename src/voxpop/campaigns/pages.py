"""The forms that create, change, pause, end and delete campaigns. Parses, calls, shows."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from voxpop.accounts.models import Role
from voxpop.auth.dependencies import (
    CurrentActor,
    CurrentWorkspace,
    PageRequest,
    Renderer,
    Submission,
    Transaction,
)
from voxpop.auth.guards import members_only
from voxpop.campaigns import service
from voxpop.campaigns.errors import CampaignHasSurveys, UnknownSurveyType
from voxpop.campaigns.form_schemas import MESSAGES, CampaignForm
from voxpop.campaigns.models import (
    CHANNEL_HINTS,
    CHANNEL_NAMES,
    DEFAULT_CHANNELS,
    TRIGGER_NAMES,
    Campaign,
    Trigger,
)
from voxpop.config.settings import Settings
from voxpop.db.pool import Tx
from voxpop.surveys import survey_types
from voxpop.types import Actor, CampaignId, utcnow
from voxpop.web.forms import read_form
from voxpop.web.pages import redirect
from voxpop.web.validation import read_id

PATH = "/campaigns"
CAMPAIGN = f"{PATH}/{{campaign:str}}"
FORM = "campaigns/form.html"
FIELDS = {CampaignHasSurveys: "survey_type_code", UnknownSurveyType: "survey_type_code"}
DEFAULT_TYPE = "NPS"


@get(f"{PATH}/new", opt=members_only(Role.ADMIN), include_in_schema=False)
async def show_new_campaign(
    request: PageRequest, tx: Transaction, actor: CurrentActor, render: Renderer
) -> Response[Any]:
    """The form for a new campaign."""
    form = CampaignForm(survey_type_code=DEFAULT_TYPE, trigger_type=Trigger.ORDER_COMPLETED, active="on")
    return render(FORM, **await _context(request, tx, actor, form))


@post(f"{PATH}/new", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def create_campaign(
    request: PageRequest,
    tx: Transaction,
    actor: CurrentActor,
    workspace: CurrentWorkspace,
    render: Renderer,
    submission: Submission,
) -> Response[Any]:
    """Creates a campaign, or shows the question that it asks."""
    form, now = await read_form(request, CampaignForm), utcnow()
    context = await _context(request, tx, actor, form)
    if form.preview:
        return render(FORM, **context)

    async def work() -> str:
        created = await service.open_campaign(tx, actor, form.to_plan(workspace.zone, now), now)
        return f"{PATH}/{created.id}?done=created"

    with render.form(FORM, messages=MESSAGES, fields=FIELDS, **context):
        return redirect(await submission.run_once(tx, work))


@get(f"{CAMPAIGN}/edit", opt=members_only(Role.ADMIN), include_in_schema=False)
async def show_campaign_form(
    request: PageRequest,
    tx: Transaction,
    actor: CurrentActor,
    workspace: CurrentWorkspace,
    render: Renderer,
    campaign: FromPath[str],
) -> Response[Any]:
    """The form of a campaign."""
    stored = await service.get_campaign(tx, actor, _id(campaign))
    return render(FORM, **await _context(request, tx, actor, CampaignForm.of(stored, workspace.zone), stored))


@post(f"{CAMPAIGN}/edit", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def change_campaign(
    request: PageRequest,
    tx: Transaction,
    actor: CurrentActor,
    workspace: CurrentWorkspace,
    render: Renderer,
    campaign: FromPath[str],
) -> Response[Any]:
    """Changes a campaign, or shows the question that it will ask."""
    form, now = await read_form(request, CampaignForm), utcnow()
    stored = await service.lock_campaign(tx, actor, _id(campaign))
    context = await _context(request, tx, actor, form, stored)
    if form.preview:
        return render(FORM, **context)
    with render.form(FORM, messages=MESSAGES, fields=FIELDS, **context):
        plan = form.to_plan(workspace.zone, now, stored)
        if plan != stored.plan:
            form.check_version(CampaignForm.of(stored, workspace.zone))
        await service.change_campaign(tx, actor, stored, plan, now)
    return redirect(f"{PATH}/{stored.id}?done=saved")


@post(f"{CAMPAIGN}/pause", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def pause_campaign(tx: Transaction, actor: CurrentActor, campaign: FromPath[str]) -> Response[Any]:
    """The campaign opens no more surveys until it is resumed."""
    return await _change(service.pause_campaign, tx, actor, campaign, "paused")


@post(f"{CAMPAIGN}/resume", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def resume_campaign(tx: Transaction, actor: CurrentActor, campaign: FromPath[str]) -> Response[Any]:
    """The campaign opens surveys again."""
    return await _change(service.resume_campaign, tx, actor, campaign, "resumed")


@post(f"{CAMPAIGN}/end", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def end_campaign(tx: Transaction, actor: CurrentActor, campaign: FromPath[str]) -> Response[Any]:
    """The campaign ends now."""
    return await _change(service.end_campaign, tx, actor, campaign, "ended")


@post(f"{CAMPAIGN}/delete", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def delete_campaign(tx: Transaction, actor: CurrentActor, campaign: FromPath[str]) -> Response[Any]:
    """Deletes the campaign. Its surveys stay answerable, and its ratings stay. A second click changes nothing."""
    campaign_id = _id(campaign)
    if await service.find_campaign(tx, actor, campaign_id):
        await service.delete_campaign(tx, actor, campaign_id, utcnow())
    return redirect(f"{PATH}?done=deleted")


Change = Callable[[Tx, Actor, CampaignId, datetime], Awaitable[Campaign]]


async def _change(change: Change, tx: Tx, actor: Actor, campaign: str, done: str) -> Response[Any]:
    changed = await change(tx, actor, _id(campaign), utcnow())
    return redirect(f"{PATH}/{changed.id}?done={done}")


async def _context(
    request: PageRequest, tx: Tx, actor: Actor, form: CampaignForm, stored: Campaign | None = None
) -> dict[str, Any]:
    types = {each.code: each for each in await survey_types.list_survey_types(tx, actor)}
    settings: Settings = request.app.state.settings
    chosen = types.get(form.survey_type_code)
    return {
        "active": "campaigns",
        "form": form,
        "stored": stored,
        "types": types,
        "triggers": TRIGGER_NAMES,
        "channels": CHANNEL_NAMES,
        "channel_hints": CHANNEL_HINTS,
        "chosen_channels": form.channels if form.channels is not None else DEFAULT_CHANNELS,
        "languages": sorted({*survey_types.list_languages(types.values()), *filter(None, [form.language])}),
        "expiry_days": settings.survey_expiry_days,
        "preview": survey_types.preview_of(chosen) if chosen else None,
        "has_surveys": stored is not None and await service.has_surveys(tx, actor, stored.id),
    }


def _id(text: str) -> CampaignId:
    return CampaignId(read_id(text, "campaign"))


ROUTES = [
    show_new_campaign,
    create_campaign,
    show_campaign_form,
    change_campaign,
    pause_campaign,
    resume_campaign,
    end_campaign,
    delete_campaign,
]
