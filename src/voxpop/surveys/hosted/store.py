"""Statements on the surveys of hosted pages."""

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import Query
from voxpop.types import SurveyId, WorkspaceId


class HostedSurvey(Struct, frozen=True):
    """A campaign's survey. `survey_type` is for `models.decode_survey_type`; the language is that of the campaign."""

    id: SurveyId
    status: str
    survey_type: str
    language: str | None


HOSTED_SURVEY = Query(
    """
    SELECT s.id, s.status, to_json(t)::text AS survey_type, c.language
    FROM survey s JOIN survey_type t ON t.workspace_id = :workspace AND t.code = s.survey_type_code
        JOIN campaign c ON c.workspace_id = :workspace AND c.id = s.campaign_id
    WHERE s.workspace_id = :workspace AND s.id = :survey
    """,
    HostedSurvey,
)


async def find_survey(tx: Tx, workspace: WorkspaceId, survey: SurveyId) -> HostedSurvey | None:
    """Campaign surveys only."""
    return await HOSTED_SURVEY.find(tx, workspace=workspace, survey=survey)
