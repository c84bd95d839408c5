"""The section "Surveys" of the API, generated from the OpenAPI document by `make clients`."""

from datetime import date, datetime
from typing import Required, TypedDict, Unpack
from uuid import UUID

from msgspec import Struct

from voxpop.client.api.words import ContextType
from voxpop.client.methods import call
from voxpop.client.shapes import Call, key_of_request


class Answer(Struct, frozen=True, kw_only=True):
    """The answer is stored."""

    success: bool
    feedback_id: UUID
    message: str


class SurveyContext(Struct, frozen=True, kw_only=True):
    """The subject of the survey."""

    type: str
    context_id: str
    # The day of the event, in UTC
    timestamp: date


class SurveyLink(Struct, frozen=True, kw_only=True):
    """An open survey, and the link to its page."""

    survey_id: UUID
    link: str


class Survey(Struct, frozen=True, kw_only=True):
    """A survey that the customer can answer."""

    survey_id: UUID
    campaign_id: UUID
    survey_type: str
    question: str
    scale_min: int
    scale_max: int
    context: SurveyContext
    # UTC, with milliseconds
    sent_at: datetime | None


class Surveys(Struct, frozen=True, kw_only=True):
    surveys: list[Survey]


class AnswerBody(TypedDict, total=False):
    """A customer's answer."""

    survey_id: Required[UUID | str]
    # Within the type's scale
    score: Required[int]
    comment: str | None


class ContextBody(TypedDict, total=False):
    """What the customer is asked about."""

    type: Required[ContextType]
    context_id: Required[str]


class SurveyRequest(TypedDict, total=False):
    """A survey to open for a customer, outside of any event."""

    campaign_id: Required[UUID | str]
    guid: Required[str]
    context: Required[ContextBody]


class ListSurveysQuery(TypedDict, total=False):
    guid: Required[str]


class SurveysCalls:
    """The calls of this section."""

    @call
    def list_surveys(self, *, accept_language: str | None = None, **query: Unpack[ListSurveysQuery]) -> Call[Surveys]:
        """A customer's open surveys. The surveys that are due, latest scheduled first. The first call marks them as
        shown; the language is chosen by `Accept-Language`. Requires an API key with the scope `ingest`.
        """
        return Call(
            "GET", "/api/v1/feedback/surveys", Surveys, query=query, headers={"Accept-Language": accept_language}
        )

    @call
    def submit_answer(
        self, *, accept_language: str | None = None, idempotency_key: str | None = None, **body: Unpack[AnswerBody]
    ) -> Call[Answer]:
        """Answer a survey. A survey takes one answer. Of several answers at the same time, one is stored. Requires an
        API key with the scope `ingest`.
        """
        return Call(
            "POST",
            "/api/v1/feedback/submit",
            Answer,
            body=body,
            headers={"Accept-Language": accept_language, "Idempotency-Key": key_of_request(idempotency_key)},
        )

    @call
    def request_survey(self, **body: Unpack[SurveyRequest]) -> Call[SurveyLink]:
        """Request the link of a survey. Opens a survey of a campaign with the channel `link`, due at once, for you to
        send. A repeat for the same campaign and context returns the first survey with status 200. Requires an API
        key with the scope `ingest`.
        """
        return Call("POST", "/api/v1/surveys", SurveyLink, body=body, repeatable=True)
