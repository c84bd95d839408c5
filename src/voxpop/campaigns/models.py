"""A campaign: what to ask, on which trigger, after which delay; and the events that trigger it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from voxpop.types import CampaignId, SurveyId

USER = "system"


class Trigger(StrEnum):
    """What a campaign waits for; the types of events."""

    ORDER_COMPLETED = "ORDER_COMPLETED"
    TICKET_CLOSED = "TICKET_CLOSED"


class ContextType(StrEnum):
    ORDER = "ORDER"
    TICKET = "TICKET"


class CampaignPlan(Struct, frozen=True):
    """What can be said of a campaign; the rest is given."""

    name: str
    survey_type_code: str
    trigger_type: Trigger
    delay_hours: int
    active: bool
    start_date: datetime
    end_date: datetime | None


class Campaign(Struct, frozen=True):
    id: CampaignId
    name: str
    survey_type_code: str
    trigger_type: str
    delay_hours: int
    active: bool
    start_date: datetime
    end_date: datetime | None
    create_time: datetime
    create_user: str
    last_update_time: datetime
    last_update_user: str


class CampaignFilter(Struct, frozen=True):
    """Which campaigns; None is no criterion, all that are given must hold. Bounds are inclusive."""

    name_part: str | None = None
    type: str | None = None
    trigger_type: str | None = None
    active: bool | None = None
    start_from: datetime | None = None
    start_to: datetime | None = None
    end_from: datetime | None = None
    end_to: datetime | None = None


class Event(Struct, frozen=True):
    """Something that happened to a customer, of a type that campaigns know."""

    type: Trigger
    guid: str
    context_type: ContextType
    context_id: str
    date: date  # of the event, in UTC


class Asked(Struct, frozen=True):
    """What a campaign made of an event. `place` is the event's in its batch, from 0; no survey where there was one."""

    place: int
    campaign_id: CampaignId
    survey_id: SurveyId | None


class DeadLetter(Struct, frozen=True):
    """A message that could not be used, and where it stood; the workspace it named, if any, may be another's."""

    id: UUID
    topic: str
    partition: int
    offset: int
    reason: str
    message: bytes
    create_time: datetime
    replayed_at: datetime | None = None
    named_workspace: str | None = None
