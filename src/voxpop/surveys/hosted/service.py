"""The surveys behind signed links: the link of one, and what its page shows. Changes nothing."""

from collections.abc import Sequence

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.errors import NotFound
from voxpop.hosts import workspace_url
from voxpop.surveys.hosted import store, tokens
from voxpop.surveys.hosted.store import HostedSurvey
from voxpop.surveys.hosted.tokens import Purpose
from voxpop.surveys.models import Status
from voxpop.surveys.texts import Texts, choose_language, choose_texts, decode_translations
from voxpop.types import SurveyId, WorkspaceId
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import Workspace

PATHS = {Purpose.ANSWER: "/s", Purpose.UNSUBSCRIBE: "/unsubscribe"}


class SurveyPage(Struct, frozen=True):
    """What the page of a survey shows. `language` is that of the texts, if it is known."""

    survey: SurveyId
    status: Status
    question: str
    thanks: str
    language: str | None
    scores: Sequence[int]


async def survey_link(tx: Tx, workspace: Workspace, survey: SurveyId, public_url: str) -> str:
    """The address of the survey's page."""
    return sign_link(await workspaces.get_link_key(tx, workspace.id), workspace, Purpose.ANSWER, survey, public_url)


def sign_link(key: bytes, workspace: Workspace, purpose: Purpose, survey: SurveyId, public_url: str) -> str:
    """An address with a token for this purpose; `key` is the workspace's link key."""
    token = tokens.sign(key, workspace.id, purpose, survey)
    return f"{workspace_url(public_url, workspace.slug)}{PATHS[purpose]}/{token}"


async def read_token(tx: Tx, workspace: WorkspaceId, purpose: Purpose, token: str) -> SurveyId:
    """The survey of a token; NotFound for a forged one."""
    survey = tokens.read(await workspaces.get_link_key(tx, workspace), workspace, purpose, token)
    if survey is None:
        raise NotFound
    return survey


async def get_page(tx: Tx, workspace: WorkspaceId, purpose: Purpose, token: str) -> SurveyPage:
    """The page behind a link; NotFound if it is forged."""
    survey = await store.find_survey(tx, workspace, await read_token(tx, workspace, purpose, token))
    if survey is None:
        raise NotFound
    texts, translations = choose_page_texts(survey), decode_translations(survey.translations)
    return SurveyPage(
        survey.id,
        Status(survey.status),
        texts.question,
        texts.thanks,
        choose_language(survey.language, translations, survey.campaign_language),
        range(survey.scale_min, survey.scale_max + 1),
    )


def choose_page_texts(survey: HostedSurvey) -> Texts:
    """The texts in the campaign's language, or else as the type has them."""
    base = Texts(survey.question, survey.thanks)
    return choose_texts(base, survey.language, decode_translations(survey.translations), survey.campaign_language)
