"""The surveys behind signed links: the link of one, and what its page shows. Changes nothing."""

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.errors import NotFound
from voxpop.hosts import workspace_url
from voxpop.surveys.hosted import store, tokens
from voxpop.surveys.hosted.models import Question
from voxpop.surveys.hosted.tokens import Purpose
from voxpop.surveys.models import Status, decode_survey_type
from voxpop.types import SurveyId, WorkspaceId
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import Workspace

PATHS = {Purpose.ANSWER: "/s", Purpose.UNSUBSCRIBE: "/unsubscribe"}


class SurveyPage(Struct, frozen=True):
    """A survey with what it asks."""

    survey: SurveyId
    status: Status
    question: Question


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
    question = Question(decode_survey_type(survey.survey_type), survey.language)
    return SurveyPage(survey.id, Status(survey.status), question)
