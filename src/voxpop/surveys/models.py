"""An ask: one request to one customer to answer."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from voxpop.feedback.models import Origin
from voxpop.metrics.models import Series, SeriesKind, Stage
from voxpop.types import CampaignId, FeedbackId, SurveyId, WorkspaceId


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
    """A wish to ask. `series` is what it counts for in the funnel."""

    id: SurveyId
    survey_type: str
    origin: Origin
    origin_id: UUID
    scheduled_at: datetime
    series: Sequence[Series]
    guid: str | None = None
    user_email: str | None = None


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
    """A survey that ends, how, and what it counts for in the funnel."""

    survey: SurveyId
    status: Status
    series: Sequence[Series]


def campaign_series(workspace: WorkspaceId, campaign: CampaignId) -> tuple[Series, ...]:
    """What a campaign's asks and answers count for."""
    return (Series(SeriesKind.WORKSPACE, workspace), Series(SeriesKind.CAMPAIGN, campaign))
