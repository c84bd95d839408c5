"""A campaign: which survey it opens, on which trigger, after which delay; and the events that trigger it."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from voxpop.i18n import N_
from voxpop.types import CampaignId, SurveyId


class Trigger(StrEnum):
    """The types of events that open surveys."""

    ORDER_COMPLETED = "ORDER_COMPLETED"
    TICKET_CLOSED = "TICKET_CLOSED"


TRIGGER_NAMES = {
    Trigger.ORDER_COMPLETED: N_("an order is completed"),
    Trigger.TICKET_CLOSED: N_("a ticket is closed"),
}


class ContextType(StrEnum):
    """The subject of an event."""

    ORDER = "ORDER"
    TICKET = "TICKET"


class Channel(StrEnum):
    """A way to ask: a list that the caller's app shows, an email of ours, or a link that the caller sends."""

    IN_APP = "in_app"
    EMAIL = "email"
    LINK = "link"


CHANNEL_NAMES = {
    Channel.IN_APP: N_("In your app"),
    Channel.EMAIL: N_("By email"),
    Channel.LINK: N_("By a link that you send"),
}
CHANNEL_HINTS = {
    Channel.IN_APP: N_("The widget shows it, or your app lists it by the API."),
    Channel.EMAIL: N_("To the email of the event, or to a guid that is an address. Tickets in the inbox get none."),
    Channel.LINK: N_("You request a link by the API. With links alone, events open no surveys."),
}
DEFAULT_CHANNELS = (Channel.IN_APP,)


class CampaignPlan(Struct, frozen=True, kw_only=True):
    """The part of a campaign that its callers decide."""

    name: str
    survey_type_code: str
    trigger_type: Trigger
    start_date: datetime
    end_date: datetime | None = None
    delay_hours: int = 0
    active: bool = True
    channels: Sequence[Channel] = DEFAULT_CHANNELS
    reminder_after_days: int | None = None
    language: str | None = None


class CampaignState(StrEnum):
    """Whether a campaign opens surveys, and why not."""

    RUNNING = "running"
    SCHEDULED = "scheduled"
    PAUSED = "paused"
    ENDED = "ended"


class Campaign(Struct, frozen=True):
    """A campaign as stored. `language` is that of emails and hosted pages; None for that of the survey type."""

    id: CampaignId
    name: str
    survey_type_code: str
    trigger_type: str
    delay_hours: int
    active: bool
    start_date: datetime
    end_date: datetime | None
    channels: list[str]
    reminder_after_days: int | None
    language: str | None
    create_time: datetime
    create_user: str
    last_update_time: datetime
    last_update_user: str

    @property
    def plan(self) -> CampaignPlan:
        """What its callers decided."""
        return CampaignPlan(
            name=self.name,
            survey_type_code=self.survey_type_code,
            trigger_type=Trigger(self.trigger_type),
            start_date=self.start_date,
            end_date=self.end_date,
            delay_hours=self.delay_hours,
            active=self.active,
            channels=tuple(map(Channel, self.channels)),
            reminder_after_days=self.reminder_after_days,
            language=self.language,
        )

    def state(self, now: datetime) -> CampaignState:
        """An ended campaign stays ended, paused or not."""
        if self.end_date is not None and self.end_date < now:
            return CampaignState.ENDED
        if not self.active:
            return CampaignState.PAUSED
        return CampaignState.SCHEDULED if now < self.start_date else CampaignState.RUNNING


class CampaignFilter(Struct, frozen=True, kw_only=True):
    """Criteria that must all hold; None is no criterion. Bounds are inclusive."""

    name_part: str | None = None
    type: str | None = None
    trigger_type: str | None = None
    active: bool | None = None
    start_from: datetime | None = None
    start_to: datetime | None = None
    end_from: datetime | None = None
    end_to: datetime | None = None


class Page(Struct, frozen=True):
    """The part of a list that is wanted; no limit for None."""

    limit: int | None
    offset: int


class Event(Struct, frozen=True):
    """Something that happened to a customer, of a type that opens surveys. `email`: their address, if it is known."""

    type: Trigger
    guid: str
    context_type: ContextType
    context_id: str
    date: date  # the day of the event, in UTC
    email: str | None = None


class MatchedCampaign(Struct, frozen=True):
    """A running campaign that an event matches. `event` is the event's index in its batch, from 0.

    `survey` is the survey that was opened; None if the campaign had one for this context.
    """

    event_index: int
    campaign: CampaignId
    survey: SurveyId | None


class DeadLetter(Struct, frozen=True):
    """A message that cannot be used, with its offset and the reason.

    `named_workspace` is the workspace that the message names, if any; it may be another one.
    """

    id: UUID
    topic: str
    partition: int
    offset: int
    reason: str
    message: bytes
    create_time: datetime
    replayed_at: datetime | None = None
    named_workspace: str | None = None
