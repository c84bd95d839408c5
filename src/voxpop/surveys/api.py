"""The API of survey types, and of campaigns' surveys as customers meet them. Parses, calls, shapes."""

from typing import Annotated, Self

from litestar import Request, get, post, put
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from voxpop.auth.dependencies import CurrentActor, Transaction
from voxpop.auth.guards import requires_scope
from voxpop.db.batcher import Batcher
from voxpop.db.pool import Database
from voxpop.errors import FieldError, Invalid, NotFound
from voxpop.surveys import campaigns, types
from voxpop.surveys.errors import SurveyNotPending, SurveyTypeAlreadyExists, SurveyTypeInUse
from voxpop.surveys.models import DueSurvey, Refusal, Submission, Submitted
from voxpop.surveys.texts import Texts, choose, read_translations
from voxpop.types import Actor, CampaignId, FeedbackId, Guid, Instant, Scope, SurveyId, instant, utcnow, whole

SURVEYS, SUBMIT = "/api/v1/feedback/surveys", "/api/v1/feedback/submit"
TAG = ["Surveys"]
TYPES = ["Survey types"]

CodePath = FromPath[Annotated[str, Meta(description="The type's code", examples=["CES7"])]]


class Context(Struct, frozen=True):
    """What the survey is about."""

    type: Annotated[str, Meta(examples=["ORDER"])]
    context_id: Annotated[str, Meta(examples=["order_456"])]
    timestamp: Annotated[str, Meta(extra_json_schema={"format": "date"}, description="The day of the event, in UTC")]


class SurveyOut(Struct, frozen=True):
    """A survey that the customer may answer."""

    survey_id: SurveyId
    campaign_id: CampaignId
    survey_type: Annotated[str, Meta(examples=["NPS"])]
    question: Annotated[str, Meta(examples=["Оцените от 0 до 10, порекомендуете ли вы нас?"])]
    scale_min: Annotated[int, Meta(examples=[0])]
    scale_max: Annotated[int, Meta(examples=[10])]
    context: Context
    sent_at: Instant | None

    @classmethod
    def of(cls, due: DueSurvey, language: str | None) -> Self:
        texts = choose(Texts(due.question, ""), read_translations(due.translations), language)
        context = Context(due.context_type, due.context_id, due.context_date.isoformat())
        sent = None if due.sent_at is None else instant(due.sent_at)
        return cls(
            due.id, due.campaign_id, due.survey_type_code, texts.question, due.scale_min, due.scale_max, context, sent
        )


class SurveysOut(Struct, frozen=True):
    surveys: list[SurveyOut]


class Answer(Struct, frozen=True):
    """A customer's answer."""

    survey_id: SurveyId
    score: Annotated[float, whole(-(2**31), 2**31 - 1), Meta(description="Within the type's scale", examples=[9])]
    comment: Annotated[str, Meta(max_length=10_000, examples=["Отличный сервис!"])] | None = None


class Thanks(Struct, frozen=True):
    """The answer is stored."""

    success: bool
    feedback_id: FeedbackId
    message: Annotated[str, Meta(examples=["Спасибо за ваш отзыв!"])]


class SurveyBatchers:
    """The two ways in that many come by at once; `language` is the header that chooses texts."""

    def __init__(self, database: Database, limit: int) -> None:
        self.show: Batcher[str, list[DueSurvey]] = Batcher("show", database, campaigns.show, queue_limit=limit)
        self.submit: Batcher[Submission, Submitted] = Batcher("submit", database, campaigns.submit, queue_limit=limit)

    async def show_once(self, actor: Actor, guid: str, language: str | None) -> SurveysOut:
        due = await self.show.submit(actor.workspace, guid)
        return SurveysOut([SurveyOut.of(survey, language) for survey in due])

    async def submit_once(self, actor: Actor, data: Answer, language: str | None) -> Thanks:
        submission = Submission(data.survey_id, int(data.score), data.comment)
        return _thank(submission, await self.submit.submit(actor.workspace, submission), language)


@get(SURVEYS, opt=requires_scope(Scope.INGEST), tags=TAG, summary="A customer's open surveys")
async def list_surveys(request: Request[None, None, State], actor: CurrentActor, guid: FromQuery[Guid]) -> SurveysOut:
    """Those that are due, the latest scheduled first. The first showing is noted; `Accept-Language` chooses texts."""
    return await _gates(request.app.state).show_once(actor, guid, request.headers.get("accept-language"))


@post(
    SUBMIT,
    status_code=200,
    opt=requires_scope(Scope.INGEST) | {"errors": (NotFound, SurveyNotPending)},
    tags=TAG,
    summary="Answer a survey",
)
async def submit(request: Request[None, None, State], actor: CurrentActor, data: JSONBody[Answer]) -> Thanks:
    """Once; of several answers at the same time one is stored."""
    return await _gates(request.app.state).submit_once(actor, data, request.headers.get("accept-language"))


@get("/api/v1/survey-types", opt=requires_scope(Scope.READ), tags=TYPES, summary="List the survey types")
async def list_types(tx: Transaction, actor: CurrentActor) -> types.TypesOut:
    """By code."""
    return types.TypesOut([types.TypeOut.of(one) for one in await types.list_types(tx, actor)])


@post(
    "/api/v1/survey-types",
    opt=requires_scope(Scope.MANAGE) | {"errors": (SurveyTypeAlreadyExists,)},
    tags=TYPES,
    summary="Make a survey type",
)
async def open_type(tx: Transaction, actor: CurrentActor, data: JSONBody[types.NewType]) -> types.TypeOut:
    """Of the workspace's own: say CES on 1-7, or thumbs on 0-1."""
    data.check()
    return types.TypeOut.of(await types.open_type(tx, actor, data.of_code(data.code), utcnow()))


@put(
    "/api/v1/survey-types/{code:str}",
    opt=requires_scope(Scope.MANAGE) | {"errors": (SurveyTypeInUse,)},
    tags=TYPES,
    summary="Replace a survey type",
)
async def replace_type(
    tx: Transaction, actor: CurrentActor, code: CodePath, data: JSONBody[types.TypeBody]
) -> types.TypeOut:
    """Its texts at any time; scale and formula only while nobody has been asked."""
    data.check()
    return types.TypeOut.of(await types.replace_type(tx, actor, data.of_code(code), utcnow()))


def _gates(state: State) -> SurveyBatchers:
    gates: SurveyBatchers = state.survey_batchers
    return gates


def _thank(submission: Submission, submitted: Submitted, language: str | None) -> Thanks:
    survey = submitted.survey
    if survey is None:
        raise NotFound.of("Survey", submission.survey)
    if submitted.feedback is None and submitted.refusal is Refusal.CLOSED:
        raise SurveyNotPending(f"Survey {survey.id} is not in status PENDING")
    if submitted.feedback is None:
        reason = f"must be from {survey.scale_min} to {survey.scale_max}"
        raise Invalid(f"body/score {reason}", details=[FieldError("score", reason)])
    texts = choose(Texts("", survey.thanks), read_translations(survey.translations), language)
    return Thanks(True, submitted.feedback, texts.thanks)


ROUTES = [list_surveys, submit, list_types, open_type, replace_type]
