"""Statements on the surveys of hosted pages."""

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import Query
from voxpop.types import SurveyId, WorkspaceId


class HostedSurvey(Struct, frozen=True):
    """A campaign's survey with its type, and the language that the campaign wants."""

    id: SurveyId
    status: str
    question: str
    thanks: str
    language: str | None
    translations: str
    scale_min: int
    scale_max: int
    campaign_language: str | None


HOSTED_SURVEY = Query(
    """
    SELECT s.id, s.status, t.question, t.thanks, t.language, t.translations, t.scale_min, t.scale_max,
           c.language AS campaign_language
    FROM survey s JOIN survey_type t ON t.workspace_id = :workspace AND t.code = s.survey_type_code
        JOIN campaign c ON c.workspace_id = :workspace AND c.id = s.campaign_id
    WHERE s.workspace_id = :workspace AND s.id = :survey
    """,
    HostedSurvey,
)


async def find_survey(tx: Tx, workspace: WorkspaceId, survey: SurveyId) -> HostedSurvey | None:
    """Campaign surveys only."""
    return await HOSTED_SURVEY.find(tx, workspace=workspace, survey=survey)
