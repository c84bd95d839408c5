"""The pages of survey types: the list, and the form that creates or changes one. Parses, calls, shows."""

from typing import Any, NamedTuple

from litestar import Response, get, post
from litestar.params import FromQuery
from msgspec.structs import replace

from voxpop.accounts.models import Role
from voxpop.auth.dependencies import CurrentActor, PageRequest, Renderer, Submission, Transaction
from voxpop.auth.guards import members_only
from voxpop.db.pool import Tx
from voxpop.i18n import N_
from voxpop.metrics.formulas import Formula
from voxpop.surveys import survey_types
from voxpop.surveys.errors import SurveyTypeAlreadyExists
from voxpop.surveys.form_schemas import MESSAGES, SurveyTypeForm
from voxpop.surveys.models import Display
from voxpop.surveys.schemas import MAX_LABEL, MAX_SCORE, MAX_TEXT
from voxpop.types import MAX_LANGUAGE, Actor, utcnow
from voxpop.web.forms import read_form
from voxpop.web.pages import redirect

PATH = "/survey-types"
LIST, FORM = "surveys/list.html", "surveys/form.html"
TOASTS = {"created": N_("Survey type created"), "saved": N_("Saved")}


class FormulaTexts(NamedTuple):
    """How a formula is called, and what it means."""

    name: str
    hint: str


FORMULAS = {
    Formula.NPS: FormulaTexts(N_("NPS"), N_("Share of scores 9–10 minus share of scores 0–6, −100 to 100")),
    Formula.SHARE: FormulaTexts(N_("Satisfied share"), N_("Share of the scores that count as satisfied, 0 to 100%")),
    Formula.MEAN: FormulaTexts(N_("Mean"), N_("Average of the scores, in points of the scale")),
}
DISPLAYS = {
    Display.AUTO: N_("Chosen by the scale: thumbs for 0–1, stars for 1–5, otherwise numbers"),
    Display.STARS: N_("Stars"),
    Display.NUMBERS: N_("Numbers"),
    Display.SMILEYS: N_("Smileys"),
    Display.THUMBS: N_("Thumbs"),
}
CodeQuery = FromQuery[str]
NEW_TYPE = SurveyTypeForm(scale_min="1", scale_max="5", formula=Formula.MEAN)


@get(PATH, opt=members_only(), include_in_schema=False)
async def show_survey_types(tx: Transaction, actor: CurrentActor, render: Renderer) -> Response[Any]:
    """All survey types of the workspace, by code."""
    rows = await survey_types.list_survey_types(tx, actor)
    return render(
        LIST,
        active="campaigns",
        section="types",
        toasts=TOASTS,
        rows=rows,
        formulas=FORMULAS,
        previews={each.code: survey_types.preview_of(each) for each in rows},
    )


@get(f"{PATH}/new", opt=members_only(Role.ADMIN), include_in_schema=False, sync_to_thread=False)
def show_new_type(render: Renderer) -> Response[Any]:
    """The form for a new type."""
    return render(FORM, **_context(NEW_TYPE))


@post(f"{PATH}/new", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def create_type(
    request: PageRequest, tx: Transaction, actor: CurrentActor, render: Renderer, submission: Submission
) -> Response[Any]:
    """Creates a type, or shows how the typed one will look."""
    form = await read_form(request, SurveyTypeForm)
    context = _context(form)
    if form.preview:
        return render(FORM, **context)

    async def work() -> str:
        body = form.to_request()
        await survey_types.add_survey_type(tx, actor, body.survey_type(body.code), utcnow())
        return f"{PATH}?done=created"

    with render.form(FORM, messages=MESSAGES, fields={SurveyTypeAlreadyExists: "code"}, **context):
        return redirect(await submission.run_once(tx, work))


@get(f"{PATH}/edit", opt=members_only(Role.ADMIN), include_in_schema=False)
async def show_type(tx: Transaction, actor: CurrentActor, render: Renderer, code: CodeQuery) -> Response[Any]:
    """The form of a type. Its code is in the query, because a code can be a word of a path."""
    stored = await survey_types.get_survey_type(tx, actor, code)
    return render(FORM, **await _stored_context(tx, actor, SurveyTypeForm.of(stored)))


@post(f"{PATH}/edit", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def change_type(
    request: PageRequest, tx: Transaction, actor: CurrentActor, render: Renderer, code: CodeQuery
) -> Response[Any]:
    """Changes a type, or shows how the typed one will look."""
    form = replace(await read_form(request, SurveyTypeForm), code=code)
    stored = await survey_types.lock_survey_type(tx, actor, code)
    context = await _stored_context(tx, actor, form)
    if form.preview:
        return render(FORM, **context)
    with render.form(FORM, messages=MESSAGES, **context):
        new = form.to_request().survey_type(code)
        if not survey_types.is_same(stored, new):
            form.check_version(SurveyTypeForm.of(stored))
        await survey_types.change_survey_type(tx, actor, new, utcnow())
    return redirect(f"{PATH}?done=saved")


async def _stored_context(tx: Tx, actor: Actor, form: SurveyTypeForm) -> dict[str, Any]:
    """Raises NotFound for an unknown code."""
    stored = await survey_types.get_survey_type(tx, actor, form.code)
    return _context(form) | {"stored": stored, "used": await survey_types.is_used(tx, actor, form.code)}


def _context(form: SurveyTypeForm) -> dict[str, Any]:
    return {
        "active": "campaigns",
        "form": form,
        "stored": None,
        "used": False,
        "formulas": FORMULAS,
        "displays": DISPLAYS,
        "preview": form.to_preview(),
        "max_text": MAX_TEXT,
        "max_label": MAX_LABEL,
        "max_score": MAX_SCORE,
        "max_language": MAX_LANGUAGE,
    }


ROUTES = [show_survey_types, show_new_type, create_type, show_type, change_type]
