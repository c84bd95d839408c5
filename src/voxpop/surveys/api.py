"""The API of survey types, and of campaign surveys as customers see them."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from litestar import get, post, put
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from voxpop.auth.dependencies import CurrentActor, Transaction
from voxpop.auth.guards import requires_scope
from voxpop.db.pool import Database, Tx
from voxpop.errors import NotFound
from voxpop.idempotency import IdempotencyKeyReused, IdempotentRequest
from voxpop.idempotent_batcher import IdempotentBatcher
from voxpop.surveys import campaign_surveys, survey_types
from voxpop.surveys.errors import SurveyNotPending, SurveyTypeAlreadyExists, SurveyTypeInUse
from voxpop.surveys.models import DueSurvey, Guids, Submission, SubmissionResult
from voxpop.surveys.schemas import (
    AnswerBody,
    AnswerOut,
    NewSurveyType,
    SurveyOut,
    SurveysOut,
    SurveyTypeBody,
    SurveyTypeOut,
    SurveyTypesOut,
)
from voxpop.types import Actor, Guid, Scope, WorkspaceId, utcnow
from voxpop.web.headers import AcceptLanguage, IdempotencyKey

SURVEYS, SUBMIT = "/api/v1/feedback/surveys", "/api/v1/feedback/submit"
SURVEY_TYPES = "/api/v1/survey-types"
TAG = ["Surveys"]
TYPES_TAG = ["Survey types"]

CodePath = FromPath[Annotated[str, Meta(description="The type's code", examples=["CES7"])]]


class SurveyBatchers:
    """Batches the two hot operations. The widget shows surveys in the same batches.

    `language` is the Accept-Language header, `key` the Idempotency-Key.
    """

    def __init__(self, database: Database, limit: int) -> None:
        self.due = IdempotentBatcher("show", database, _show_surveys_now, queue_limit=limit, one_statement=True)
        self._submit = IdempotentBatcher("submit", database, _submit_answers_now, queue_limit=limit)

    async def show_surveys(self, actor: Actor, guid: str, language: str | None) -> SurveysOut:
        surveys = await self.due.submit_plain(actor.workspace, (guid,))
        return SurveysOut([SurveyOut.of(survey, language) for survey in surveys])

    async def submit_answer(self, actor: Actor, data: AnswerBody, language: str | None, key: str | None) -> AnswerOut:
        submission = Submission(data.survey_id, int(data.score), data.comment)
        request, respond = IdempotentRequest(key, "submit", data), partial(_answer_out, submission, language)
        return await self._submit.submit(actor.workspace, submission, request, respond, AnswerOut)


def _answer_out(submission: Submission, language: str | None, result: SubmissionResult) -> AnswerOut:
    campaign_surveys.require_stored(submission.survey, result)
    return AnswerOut.of(result, language)


async def _show_surveys_now(tx: Tx, workspace: WorkspaceId, customers: Sequence[Guids]) -> list[list[DueSurvey]]:
    return await campaign_surveys.show_surveys(tx, workspace, customers, utcnow())


async def _submit_answers_now(
    tx: Tx, workspace: WorkspaceId, submissions: Sequence[Submission]
) -> list[SubmissionResult]:
    return await campaign_surveys.submit_answers(tx, workspace, submissions, utcnow())


@get(
    SURVEYS,
    opt=requires_scope(Scope.INGEST),
    tags=TAG,
    summary="A customer's open surveys",
    description=(
        "The surveys that are due, latest scheduled first. The first call marks them as shown; the "
        "language is chosen by `Accept-Language`."
    ),
)
async def list_surveys(
    state: State, actor: CurrentActor, guid: FromQuery[Guid], accept_language: AcceptLanguage = None
) -> SurveysOut:
    return await _batchers(state).show_surveys(actor, guid, accept_language)


@post(
    SUBMIT,
    status_code=200,
    opt=requires_scope(Scope.INGEST) | {"errors": (NotFound, SurveyNotPending, IdempotencyKeyReused)},
    tags=TAG,
    summary="Answer a survey",
    description="A survey takes one answer. Of several answers at the same time, one is stored.",
)
async def submit_answer(
    state: State,
    actor: CurrentActor,
    data: JSONBody[AnswerBody],
    accept_language: AcceptLanguage = None,
    idempotency_key: IdempotencyKey = None,
) -> AnswerOut:
    return await _batchers(state).submit_answer(actor, data, accept_language, idempotency_key)


@get(
    SURVEY_TYPES,
    opt=requires_scope(Scope.READ),
    tags=TYPES_TAG,
    summary="List survey types",
    description="Sorted by code.",
)
async def list_survey_types(tx: Transaction, actor: CurrentActor) -> SurveyTypesOut:
    return SurveyTypesOut([SurveyTypeOut.of(one) for one in await survey_types.list_survey_types(tx, actor)])


@post(
    SURVEY_TYPES,
    opt=requires_scope(Scope.MANAGE) | {"errors": (SurveyTypeAlreadyExists,)},
    tags=TYPES_TAG,
    summary="Create a survey type",
    description="A type of the workspace's own, for example CES on 1-7 or thumbs on 0-1.",
)
async def add_survey_type(tx: Transaction, actor: CurrentActor, data: JSONBody[NewSurveyType]) -> SurveyTypeOut:
    created = await survey_types.add_survey_type(tx, actor, data.survey_type(data.code), utcnow())
    return SurveyTypeOut.of(created)


@put(
    f"{SURVEY_TYPES}/{{code:str}}",
    opt=requires_scope(Scope.MANAGE) | {"errors": (SurveyTypeInUse,)},
    tags=TYPES_TAG,
    summary="Replace a survey type",
    description="Texts can change at any time, scale and formula only while no survey or rating has the type.",
)
async def replace_survey_type(
    tx: Transaction, actor: CurrentActor, code: CodePath, data: JSONBody[SurveyTypeBody]
) -> SurveyTypeOut:
    return SurveyTypeOut.of(await survey_types.replace_survey_type(tx, actor, data.survey_type(code), utcnow()))


def _batchers(state: State) -> SurveyBatchers:
    batchers: SurveyBatchers = state.survey_batchers
    return batchers


ROUTES = [list_surveys, submit_answer, list_survey_types, add_survey_type, replace_survey_type]
