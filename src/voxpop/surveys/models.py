"""Surveys and survey types. A survey is one request to one customer to give a rating."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

import msgspec
from msgspec import Struct

from voxpop.feedback.models import NewFeedback, Source
from voxpop.metrics.models import Series, SeriesKind, Stage
from voxpop.surveys.texts import Texts, choose_texts, decode_translations
from voxpop.types import CampaignId, FeedbackId, Origin, SurveyId, WorkspaceId

# The fixed survey type of features, which every workspace has. That of tickets is `tickets.models.SURVEY_TYPE`.
FEATURE_SURVEY_TYPE = "CSAT10"


class Display(StrEnum):
    """How a scale is shown. AUTO: thumbs for 0-1, stars for 1-5, otherwise numbers, with a slider above 11 of them."""

    AUTO = "auto"
    STARS = "stars"
    NUMBERS = "numbers"
    SMILEYS = "smileys"
    THUMBS = "thumbs"


class SurveyType(Struct, frozen=True):
    """A scale and a formula, with the texts that are shown. `language` is that of the texts, if known.

    `label_min`, `label_max`: the words at the ends of the scale. `comment_label`: that of the comment's field.
    """

    code: str
    name: str
    question: str
    thanks: str
    language: str | None
    scale_min: int
    scale_max: int
    formula: str
    satisfied_min: int | None
    satisfied_max: int | None
    formula_description: str
    higher_is_better: bool
    translations: str
    display: str = Display.AUTO
    label_min: str | None = None
    label_max: str | None = None
    comment_label: str | None = None

    @property
    def texts(self) -> Texts:
        """In its own language."""
        return Texts(self.question, self.thanks, self.label_min, self.label_max, self.comment_label)

    def texts_for(self, language: str | None) -> Texts:
        """In the customer's language; `language` is an Accept-Language header."""
        return choose_texts(self.texts, self.language, decode_translations(self.translations), language)

    def has_same_meaning(self, other: "SurveyType") -> bool:
        """Whether a stored score means the same under both types; the texts do not matter."""
        fields = ("scale_min", "scale_max", "formula", "satisfied_min", "satisfied_max", "higher_is_better")
        return all(getattr(self, field) == getattr(other, field) for field in fields)


@lru_cache(maxsize=256)
def decode_survey_type(row: str) -> SurveyType:
    """A row of `survey_type` as JSON."""
    return msgspec.json.decode(row, type=SurveyType)


class Status(StrEnum):
    """Where a survey stands; only a pending one can change."""

    PENDING = "PENDING"
    COMPLETED = "COMPLETED"
    EXPIRED = "EXPIRED"
    DISMISSED = "DISMISSED"
    WITHDRAWN = "WITHDRAWN"


STAGE_OF_STATUS = {
    Status.PENDING: Stage.OPENED,
    Status.COMPLETED: Stage.COMPLETED,
    Status.EXPIRED: Stage.EXPIRED,
    Status.DISMISSED: Stage.DISMISSED,
    Status.WITHDRAWN: Stage.WITHDRAWN,
}


class NewSurvey(Struct, frozen=True, kw_only=True):
    """A survey to open. `series` is what it counts under, besides the workspace."""

    id: SurveyId
    survey_type: str
    origin: Origin
    origin_id: UUID
    scheduled_at: datetime
    series: Sequence[Series]
    guid: str | None = None
    user_email: str | None = None


class NewCampaignSurvey(Struct, frozen=True):
    """A survey that a campaign opens for a context. It is due `delay_hours` later, and is sent to `email` then."""

    id: SurveyId
    campaign: CampaignId
    survey_type: str
    delay_hours: int
    guid: str
    context_type: str
    context_id: str
    context_date: date
    email: str | None = None
    email_folded: str | None = None


class SurveyClosure(Struct, frozen=True):
    """A survey to close, its last status, and the series it counts under besides the workspace."""

    survey: SurveyId
    status: Status
    series: Sequence[Series]


class Answer(Struct, frozen=True, kw_only=True):
    """A rating as its origin hands it over: its subject (`origin`, `origin_id`), its score and its series.

    `open_survey` is the subject's open survey, if there is one. `series` counts the survey and the score,
    `score_series` the score alone; the workspace is added to both.
    """

    origin: Origin
    origin_id: UUID
    open_survey: SurveyId | None
    survey_type: str
    scale_min: int
    score: int
    source: Source = Source.PROMPTED
    series: Sequence[Series]
    score_series: Sequence[Series] = ()
    guid: str | None = None
    user_email: str | None = None
    comment: str | None = None
    user_agent: str | None = None

    def closure(self, survey: SurveyId) -> SurveyClosure:
        """A prompted answer completes the survey; a voluntary one makes it unnecessary."""
        status = Status.COMPLETED if self.source is Source.PROMPTED else Status.WITHDRAWN
        return SurveyClosure(survey, status, self.series)

    def feedback(self, workspace: WorkspaceId, new_id: FeedbackId, survey: SurveyId | None, day: date) -> NewFeedback:
        """The row of the answer. `survey` is the one it completes; `day` and the series are stored with it."""
        return NewFeedback(
            id=new_id,
            survey_id=survey,
            survey_type=self.survey_type,
            scale_min=self.scale_min,
            origin=self.origin,
            origin_id=self.origin_id,
            source=self.source,
            score=self.score,
            day=day,
            series=(*with_workspace(workspace, self.series), *self.score_series),
            guid=self.guid,
            user_email=self.user_email,
            comment=self.comment,
            user_agent=self.user_agent,
        )


Guids = tuple[str, ...]  # of one customer, who may be known by several


class DueSurvey(Struct, frozen=True):
    """An open survey of a campaign that a customer can answer now, with the texts of its type."""

    id: SurveyId
    campaign_id: CampaignId
    guid: str
    survey_type_code: str
    question: str
    thanks: str
    language: str | None
    translations: str
    scale_min: int
    scale_max: int
    display: str
    label_min: str | None
    label_max: str | None
    comment_label: str | None
    context_type: str
    context_id: str
    context_date: date
    sent_at: datetime

    def texts_for(self, language: str | None) -> Texts:
        """In the customer's language; `language` is an Accept-Language header."""
        own = Texts(self.question, self.thanks, self.label_min, self.label_max, self.comment_label)
        return choose_texts(own, self.language, decode_translations(self.translations), language)


class Submission(Struct, frozen=True):
    """A customer's answer to a campaign's survey."""

    survey: SurveyId
    score: int
    comment: str | None


class AnswerableSurvey(Struct, frozen=True):
    """A survey, locked for a submission, with what its type says about answers."""

    id: SurveyId
    status: str
    origin: str
    origin_id: UUID
    guid: str | None
    user_email: str | None
    survey_type_code: str
    scale_min: int
    scale_max: int
    thanks: str
    language: str | None
    translations: str

    def thanks_for(self, language: str | None) -> str:
        """In the customer's language; `language` is an Accept-Language header."""
        translations = decode_translations(self.translations)
        return choose_texts(Texts("", self.thanks), self.language, translations, language).thanks


class SubmissionError(StrEnum):
    """Why a submission is rejected."""

    UNKNOWN = "unknown"
    CLOSED = "closed"
    OUT_OF_SCALE = "out_of_scale"


class SubmissionResult(Struct, frozen=True):
    """The result of a submission: the stored feedback or the error. `survey` is None for an unknown one."""

    survey: AnswerableSurvey | None
    feedback: FeedbackId | None = None
    error: SubmissionError | None = None


class ExpiryLimits(Struct, frozen=True):
    """Which surveys expire: those shown or, if never shown, opened before an instant, and how many at most."""

    sent_before: datetime
    unsent_before: datetime | None
    limit: int


def with_workspace(workspace: WorkspaceId, series: Sequence[Series]) -> tuple[Series, ...]:
    """Every survey and every rating counts under its workspace too."""
    return (Series(SeriesKind.WORKSPACE, workspace), *series)


def campaign_series(campaign: CampaignId) -> tuple[Series, ...]:
    """The series of a campaign's surveys and answers, besides the workspace."""
    return (Series(Origin.CAMPAIGN, campaign),)
