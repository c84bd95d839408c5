"""An ask: one request to one customer to answer."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from voxpop.feedback.models import NewFeedback, Source
from voxpop.metrics.models import Series, SeriesKind, Stage
from voxpop.types import CampaignId, FeedbackId, Origin, SurveyId, WorkspaceId, uuid7


class SurveyType(Struct, frozen=True):
    """A scale and a formula, with the texts that are shown."""

    code: str
    name: str
    question: str
    thanks: str
    scale_min: int
    scale_max: int
    formula: str
    satisfied_min: int | None
    satisfied_max: int | None
    formula_description: str
    higher_is_better: bool
    translations: str

    def meaning(self) -> tuple[object, ...]:
        """What must not change once scores are stored."""
        return (
            self.scale_min,
            self.scale_max,
            self.formula,
            self.satisfied_min,
            self.satisfied_max,
            self.higher_is_better,
        )


class Status(StrEnum):
    PENDING = "PENDING"
    COMPLETED = "COMPLETED"
    EXPIRED = "EXPIRED"
    DISMISSED = "DISMISSED"
    WITHDRAWN = "WITHDRAWN"


STAGE_OF = {
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
    """A survey that a campaign opens; it is due `delay_hours` after now."""

    id: SurveyId
    campaign: CampaignId
    survey_type: str
    delay_hours: int
    guid: str
    context_type: str
    context_id: str
    context_date: date


class DueSurvey(Struct, frozen=True):
    """An open survey of a campaign that a customer may answer now, with the texts of its type."""

    id: SurveyId
    campaign_id: CampaignId
    guid: str
    survey_type_code: str
    question: str
    translations: str
    scale_min: int
    scale_max: int
    context_type: str
    context_id: str
    context_date: date
    sent_at: datetime | None


class Submission(Struct, frozen=True):
    """A customer's answer to a campaign's survey."""

    survey: SurveyId
    score: int
    comment: str | None


class Answerable(Struct, frozen=True):
    """A campaign's survey as an answer finds it."""

    id: SurveyId
    status: str
    campaign_id: CampaignId
    guid: str
    survey_type_code: str
    scale_min: int
    scale_max: int
    thanks: str
    translations: str


class Refusal(StrEnum):
    """Why an answer is not taken."""

    UNKNOWN = "unknown"
    CLOSED = "closed"
    OUT_OF_SCALE = "out_of_scale"


class Submitted(Struct, frozen=True):
    """What became of an answer: `feedback` is None when it was refused, `survey` when there is none."""

    survey: Answerable | None
    feedback: FeedbackId | None
    refusal: Refusal | None = None


class SurveyClosure(Struct, frozen=True):
    """A survey to close, its last status, and the series it counts under besides the workspace."""

    survey: SurveyId
    status: Status
    series: Sequence[Series]


class Answer(Struct, frozen=True, kw_only=True):
    """A rating as its origin hands it over: the subject (`origin`, `origin_id`), the score and what both count under.

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
        """A prompted answer completes the survey; a voluntary one makes it needless."""
        status = Status.COMPLETED if self.source is Source.PROMPTED else Status.WITHDRAWN
        return SurveyClosure(survey, status, self.series)

    def feedback(self, workspace: WorkspaceId, survey: SurveyId | None, day: date) -> NewFeedback:
        """The row of the answer. `survey` is the one it completes; `day` and the series are stored with it."""
        return NewFeedback(
            id=FeedbackId(uuid7()),
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


def with_workspace(workspace: WorkspaceId, series: Sequence[Series]) -> tuple[Series, ...]:
    """Every survey and every rating counts under its workspace too."""
    return (Series(SeriesKind.WORKSPACE, workspace), *series)


def campaign_series(campaign: CampaignId) -> tuple[Series, ...]:
    """The series of a campaign's surveys and answers, besides the workspace."""
    return (Series(Origin.CAMPAIGN, campaign),)
