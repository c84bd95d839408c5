"""The hosted page of a survey, which a signed link opens. Parses, calls, shows.

A GET shows the form and changes nothing, because mail scanners open every link of an email. Only the button of the
form stores the answer.
"""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from voxpop.auth.dependencies import CurrentActor, CurrentWorkspace, PageRequest
from voxpop.auth.guards import limit_by_client, public
from voxpop.auth.rate_limits import RateLimit
from voxpop.db.pool import Database
from voxpop.errors import Invalid
from voxpop.feedback.models import MAX_COMMENT
from voxpop.i18n import choose_locale, text_direction
from voxpop.surveys.api import SurveyBatchers
from voxpop.surveys.errors import SurveyNotPending
from voxpop.surveys.hosted import service
from voxpop.surveys.hosted.schemas import AnswerForm
from voxpop.surveys.hosted.service import SurveyPage
from voxpop.surveys.hosted.tokens import Purpose
from voxpop.surveys.models import Status
from voxpop.surveys.schemas import AnswerBody
from voxpop.types import WorkspaceId
from voxpop.web.forms import read_form
from voxpop.web.pages import redirect
from voxpop.web.rendering import PageRenderer

PATH = "/s/{token:str}"
FORM, THANKS, CLOSED = "surveys/hosted_form.html", "surveys/hosted_thanks.html", "surveys/hosted_closed.html"
MAX_FORM_BYTES = 2**18  # a comment in any script, each byte of which a form sends as three
NOINDEX = {"x-robots-tag": "noindex, nofollow"}


@get(PATH, opt=public(), include_in_schema=False)
async def show_survey(request: PageRequest, workspace: CurrentWorkspace, token: FromPath[str]) -> Response[Any]:
    """The form, or the thanks of an answered survey. `?score=` chooses a score and submits nothing."""
    page = await _load(request, workspace.id, token)
    if page.status is not Status.PENDING:
        return _show_closed(request, page)
    return show_hosted(request, page, FORM, token=token, form=AnswerForm(request.query_params.get("score", "")))


@post(
    PATH,
    opt=public(),
    request_max_body_size=MAX_FORM_BYTES,
    guards=[limit_by_client(RateLimit.ANSWER_SURVEY)],
    include_in_schema=False,
    status_code=303,
)
async def answer_survey(
    request: PageRequest, workspace: CurrentWorkspace, actor: CurrentActor, token: FromPath[str]
) -> Response[Any]:
    """Stores the first answer. A later one changes nothing and sees the thanks."""
    page = await _load(request, workspace.id, token)
    if page.status is not Status.PENDING:
        return _show_closed(request, page)
    form = AnswerForm()
    try:
        form = await read_form(request, AnswerForm)
        score = form.check(page.question.scores)
    except Invalid as error:
        return show_hosted(request, page, FORM, status=error.status, error=error, token=token, form=form)
    batchers: SurveyBatchers = request.app.state.survey_batchers
    try:
        await batchers.submit_answer(actor, AnswerBody(page.survey, score, form.comment_text()), None, None)
    except SurveyNotPending:  # another request was faster
        return _show_closed(request, await _load(request, workspace.id, token))
    return redirect(f"/s/{token}")


async def _load(request: PageRequest, workspace: WorkspaceId, token: str) -> SurveyPage:
    """In a transaction of its own, because the batcher uses another one."""
    database: Database = request.app.state.database
    async with database.transaction(workspace) as tx:
        return await service.get_page(tx, workspace, Purpose.ANSWER, token)


def _show_closed(request: PageRequest, page: SurveyPage) -> Response[Any]:
    if page.status is Status.COMPLETED:
        return show_hosted(request, page, THANKS)
    return show_hosted(request, page, CLOSED, status=410, is_expired=page.status is Status.EXPIRED)


def show_hosted(request: PageRequest, page: SurveyPage, template: str, **context: Any) -> Response[Any]:
    """In the survey's language, as far as our own words have it."""
    language = page.question.language or choose_locale(request.headers.get("accept-language"))
    layout = request.scope["state"]["layout_context"] | {"language": choose_locale(language)}
    context |= {
        "question": page.question,
        "texts": page.question.texts,
        "page_language": language,
        "direction": text_direction(language),
    }
    response = PageRenderer(request, **layout)(template, max_comment=MAX_COMMENT, **context)
    response.headers.update(NOINDEX)
    return response


ROUTES = [show_survey, answer_survey]
