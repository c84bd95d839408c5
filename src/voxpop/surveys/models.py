"""An ask: one request to one customer to answer."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from voxpop.feedback.models import Origin
from voxpop.metrics.models import Series, Stage
from voxpop.types import SurveyId


class Status(StrEnum):
    PENDING = "PENDING"
    COMPLETED = "COMPLETED"
    EXPIRED = "EXPIRED"
    DISMISSED = "DISMISSED"
    WITHDRAWN = "WITHDRAWN"


STAGE_OF = {
    Status.PENDING: Stage.ASKED,
    Status.COMPLETED: Stage.ANSWERED,
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


class Ending(Struct, frozen=True):
    """A survey that ends, how, and what it counts for in the funnel."""

    survey: SurveyId
    status: Status
    series: Sequence[Series]
