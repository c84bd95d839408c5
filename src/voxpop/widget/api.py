"""The widget's calls: a page counts a use, shows surveys, and sends or refuses an answer."""

import time
from collections.abc import Sequence
from functools import partial

from litestar import post
from litestar.datastructures import State
from litestar.params import JSONBody
from msgspec.structs import replace

from voxpop.auth.dependencies import CurrentWidgetCaller, PageRequest
from voxpop.auth.errors import OriginNotAllowed
from voxpop.auth.guards import requires_publishable_key
from voxpop.auth.minute_limits import MinuteLimit
from voxpop.auth.publishable_access import PublishableAccess, WidgetCaller
from voxpop.config.settings import Settings
from voxpop.db.pool import Database
from voxpop.errors import NotFound, RateLimited
from voxpop.features import catalogue
from voxpop.features.models import Counters, FeaturePath, NewRating, Use
from voxpop.feedback.models import Source
from voxpop.idempotency import IdempotencyKeyReused, IdempotentRequest
from voxpop.idempotent_batcher import IdempotentBatcher
from voxpop.surveys import campaign_surveys
from voxpop.surveys.errors import SurveyNotPending
from voxpop.surveys.models import DueSurvey, Guids, Status, Submission, SubmissionResult
from voxpop.types import SurveyId
from voxpop.web.headers import IdempotencyKey
from voxpop.widget import service
from voxpop.widget.errors import SignatureExpired, SignatureInvalid
from voxpop.widget.models import StoredAnswer, WidgetAnswer, WidgetDismissal, WidgetUser
from voxpop.widget.schemas import (
    AnswerOfPage,
    AskOut,
    AsksOut,
    CustomerBody,
    DismissBody,
    DismissOut,
    FormOut,
    QuestionOut,
    TrackBody,
    TrackOut,
    UserOfPage,
    WidgetAnswerBody,
    WidgetAnswerOut,
    WidgetBody,
)
from voxpop.widget.signatures import check_signature

BASE = "/api/v1/widget"
TRACK, SURVEYS, ANSWER, DISMISS, FORM = (f"{BASE}/{call}" for call in ("track", "surveys", "answer", "dismiss", "form"))
TAG = ["Widget"]
REFUSALS = (OriginNotAllowed, RateLimited, SignatureInvalid, SignatureExpired, IdempotencyKeyReused)

UseBatcher = IdempotentBatcher[Use, Counters | None]
DueBatcher = IdempotentBatcher[Guids, list[DueSurvey]]


class WidgetCalls:
    """The calls of the widget, in batches. Uses and due surveys share the batches of the API.

    `language` is the Accept-Language header, `key` the Idempotency-Key.
    """

    def __init__(
        self, database: Database, settings: Settings, uses: UseBatcher, due: DueBatcher, access: PublishableAccess
    ) -> None:
        limit = settings.queue_limit
        self._database, self._uses, self._due, self._access = database, uses, due, access
        self._answer = IdempotentBatcher("widget-answer", database, service.answer_surveys, queue_limit=limit)
        self._rate = IdempotentBatcher("widget-rate", database, service.rate_voluntarily, queue_limit=limit)
        self._dismiss = IdempotentBatcher("widget-dismiss", database, service.dismiss_surveys, queue_limit=limit)
        self._user_limit = MinuteLimit(settings.widget_user_limit)

    async def track(self, caller: WidgetCaller, body: TrackBody, language: str | None, key: str | None) -> TrackOut:
        user = self._verify(caller, body.user)
        used = user.of_feature(body.product, body.feature)
        respond = partial(_track_out, used.path, _language(body.locale, language))
        request = _request(caller, user, "track", body, key)
        out = await self._uses.submit(caller.workspace, Use(used, shows=True), request, respond, TrackOut)
        await self._access.note_seen(caller)
        return out

    async def show_surveys(
        self, caller: WidgetCaller, body: CustomerBody, language: str | None, key: str | None
    ) -> AsksOut:
        user = self._verify(caller, body.user)
        respond = partial(_asks_out, _language(body.locale, language))
        request = _request(caller, user, "surveys", body, key)
        out = await self._due.submit(caller.workspace, user.guids, request, respond, AsksOut)
        await self._access.note_seen(caller)
        return out

    async def answer(
        self, caller: WidgetCaller, body: WidgetAnswerBody, language: str | None, key: str | None
    ) -> WidgetAnswerOut:
        rated = body.rated_feature()
        user = self._verify(caller, body.user)
        request, texts = _request(caller, user, "answer", body, key), _language(body.locale, language)
        if rated:
            rating = NewRating(user.of_feature(*rated), int(body.score), Source.VOLUNTARY, body.comment, None)
            respond = partial(_rating_out, rated, texts)
            out = await self._rate.submit(caller.workspace, rating, request, respond, WidgetAnswerOut)
        else:
            answer = WidgetAnswer(user, Submission(body.survey, int(body.score), body.comment))
            answered = partial(_answer_out, body.survey, texts)
            out = await self._answer.submit(caller.workspace, answer, request, answered, WidgetAnswerOut)
        await self._access.note_seen(caller)
        return out

    async def dismiss(self, caller: WidgetCaller, body: DismissBody, key: str | None) -> DismissOut:
        user = self._verify(caller, body.user)
        request, respond = _request(caller, user, "dismiss", body, key), partial(_dismiss_out, body.survey_id)
        dismissal = WidgetDismissal(user, body.survey_id)
        out = await self._dismiss.submit(caller.workspace, dismissal, request, respond, DismissOut)
        await self._access.note_seen(caller)
        return out

    async def form(self, caller: WidgetCaller, body: TrackBody, language: str | None) -> FormOut:
        self._verify(caller, body.user)
        async with self._database.transaction(caller.workspace) as tx:
            shown = await service.get_question(tx, caller.workspace, FeaturePath(body.product, body.feature))
        await self._access.note_seen(caller)
        return FormOut(QuestionOut.of(shown.code, shown, _language(body.locale, language)))

    def _verify(self, caller: WidgetCaller, named: UserOfPage) -> WidgetUser:
        """The user, whose signature is valid. Only verified calls count, so that others cannot use up the limit."""
        user = named.widget_user()
        subject = (caller.workspace, user)
        self._user_limit.check(subject)
        if caller.key.signature_required or named.signature is not None:
            check_signature(named.signature, user.kind, user.value, caller.key.widget_secrets, time.time())
        self._user_limit.count(subject)
        return user


def _language(locale: str | None, accept_language: str | None) -> str | None:
    return locale.replace("_", "-") if locale else accept_language


def _request(caller: WidgetCaller, user: WidgetUser, call: str, body: WidgetBody, key: str | None) -> IdempotentRequest:
    """A page that sends a call again may have a new signature, so that is no part of the request."""
    if key is None:
        return IdempotentRequest(None, call, body)
    unsigned = replace(body, user=replace(body.user, signature=None))
    return IdempotentRequest(key, f"widget {call}", unsigned, owner=f"{caller.key.id} {user.kind}:{user.value}")


def _track_out(path: FeaturePath, language: str | None, counters: Counters | None) -> TrackOut:
    if counters is None:
        raise catalogue.feature_not_found(path)
    return TrackOut(AskOut.of_prompt(counters.prompt, language) if counters.prompt else None)


def _asks_out(language: str | None, surveys: Sequence[DueSurvey]) -> AsksOut:
    return AsksOut([AskOut.of_survey(survey, language) for survey in surveys])


def _answer_out(survey: SurveyId, language: str | None, result: SubmissionResult) -> WidgetAnswerOut:
    campaign_surveys.require_stored(survey, result)
    assert result.survey is not None and result.feedback is not None  # noqa: PT018, S101 - a stored answer
    return WidgetAnswerOut(result.feedback, result.survey.thanks_for(language))


def _rating_out(path: FeaturePath, language: str | None, stored: StoredAnswer | None) -> WidgetAnswerOut:
    if stored is None:
        raise catalogue.feature_not_found(path)
    return WidgetAnswerOut(stored.feedback, stored.survey_type.texts_for(language).thanks)


def _dismiss_out(survey: SurveyId, result: SubmissionResult) -> DismissOut:
    campaign_surveys.require_stored(survey, result)
    return DismissOut(Status.DISMISSED)


@post(
    TRACK,
    status_code=200,
    opt=requires_publishable_key() | {"errors": (NotFound, *REFUSALS)},
    tags=TAG,
    summary="Count a use, and get the prompt to show",
    description="Send it whenever the customer uses the feature. `ask` is the prompt to show now; it counts as shown.",
)
async def track(
    request: PageRequest,
    state: State,
    caller: CurrentWidgetCaller,
    data: JSONBody[TrackBody],
    idempotency_key: IdempotencyKey = None,
) -> TrackOut:
    return await _calls(state).track(caller, data, request.headers.get("accept-language"), idempotency_key)


@post(
    SURVEYS,
    status_code=200,
    opt=requires_publishable_key() | {"errors": REFUSALS},
    tags=TAG,
    summary="Show the customer's surveys",
    description=(
        "The surveys of campaigns that are due, latest scheduled first. The first call marks each as shown. An address "
        "matches a `guid` that is equal to it or to its form in lower case."
    ),
)
async def show_surveys(
    request: PageRequest,
    state: State,
    caller: CurrentWidgetCaller,
    data: JSONBody[CustomerBody],
    idempotency_key: IdempotencyKey = None,
) -> AsksOut:
    return await _calls(state).show_surveys(caller, data, request.headers.get("accept-language"), idempotency_key)


@post(
    ANSWER,
    status_code=200,
    opt=requires_publishable_key() | {"errors": (NotFound, SurveyNotPending, *REFUSALS)},
    tags=TAG,
    summary="Answer a survey, or rate a feature",
    description=(
        "With `survey_id` it answers a survey, which takes one answer. With `product` and `feature` it is a voluntary "
        "rating."
    ),
)
async def answer(
    request: PageRequest,
    state: State,
    caller: CurrentWidgetCaller,
    data: JSONBody[AnswerOfPage],
    idempotency_key: IdempotencyKey = None,
) -> WidgetAnswerOut:
    return await _calls(state).answer(caller, data, request.headers.get("accept-language"), idempotency_key)


@post(
    DISMISS,
    status_code=200,
    opt=requires_publishable_key() | {"errors": (NotFound, SurveyNotPending, *REFUSALS)},
    tags=TAG,
    summary="Dismiss a survey",
    description="The customer does not answer. For a feature it counts as a rejection. A repeat changes nothing.",
)
async def dismiss(
    state: State, caller: CurrentWidgetCaller, data: JSONBody[DismissBody], idempotency_key: IdempotencyKey = None
) -> DismissOut:
    return await _calls(state).dismiss(caller, data, idempotency_key)


@post(
    FORM,
    status_code=200,
    opt=requires_publishable_key() | {"errors": (NotFound, *REFUSALS)},
    tags=TAG,
    summary="Get the form of a feature",
    description=(
        "The question of a feature, for a customer who wants to rate it without a prompt. It changes nothing; the "
        "rating that follows is voluntary."
    ),
)
async def show_form(
    request: PageRequest, state: State, caller: CurrentWidgetCaller, data: JSONBody[TrackBody]
) -> FormOut:
    return await _calls(state).form(caller, data, request.headers.get("accept-language"))


def _calls(state: State) -> WidgetCalls:
    calls: WidgetCalls = state.widget_calls
    return calls


ROUTES = [track, show_surveys, answer, dismiss, show_form]
