"""Requests and responses of the campaigns and events API, as structs with their bounds and examples."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from voxpop.campaigns import event_ingest
from voxpop.campaigns.dates import parse_date
from voxpop.campaigns.models import (
    DEFAULT_CHANNELS,
    Campaign,
    CampaignFilter,
    CampaignPlan,
    Channel,
    ContextType,
    DeadLetter,
    Page,
    Trigger,
)
from voxpop.errors import Invalid
from voxpop.types import (
    MAX_GUID,
    MAX_NAME,
    CampaignId,
    Guid,
    Instant,
    Language,
    Name,
    SurveyId,
    instant,
    whole_number,
)

MAX_DELAY_HOURS = 87_600  # ten years
MAX_REMINDER_DAYS = 30

CampaignName = Annotated[Name, Meta(examples=["NPS после заказа"])]
TypeCode = Annotated[str, Meta(min_length=1, max_length=100, examples=["NPS"])]
DelayHours = Annotated[
    float, whole_number(0, MAX_DELAY_HOURS), Meta(description="0: the survey is due at once", examples=[24])
]
Channels = Annotated[
    tuple[Channel, ...],
    Meta(
        min_length=1,
        description=(
            "Where customers are asked: `in_app` lists the surveys, `email` sends them, `link` lets you request links. "
            "With `link` alone, events open none"
        ),
        examples=[["in_app", "email"]],
    ),
]
ReminderDays = Annotated[
    float,
    whole_number(1, MAX_REMINDER_DAYS),
    Meta(description="Days from the email to its one reminder; null for none", examples=[3]),
]
EmailLanguage = Annotated[
    Language, Meta(description="Of emails and hosted pages; null for that of the survey type", examples=["en"])
]
MOMENT = "An instant, or a day of the workspace"
FORMATS = {"anyOf": [{"format": "date"}, {"format": "date-time"}]}
Start = Annotated[
    str,
    Meta(max_length=40, description=f"{MOMENT}: its start", examples=["2024-01-01"], extra_json_schema=FORMATS),
]
End = Annotated[
    str,
    Meta(max_length=40, description=f"{MOMENT}: its last moment", examples=["2024-12-31"], extra_json_schema=FORMATS),
]


class NewCampaign(Struct, frozen=True):
    """The survey type, the trigger that opens a survey, and the delay until it is due."""

    name: CampaignName
    survey_type_code: TypeCode
    trigger_type: Trigger
    delay_hours: DelayHours = 0
    active: bool = True
    start_date: Start | None = None
    end_date: End | None = None
    channels: Channels = DEFAULT_CHANNELS
    reminder_after_days: ReminderDays | None = None
    language: EmailLanguage | None = None

    def plan(self, zone: ZoneInfo, now: datetime) -> CampaignPlan:
        """The plan with its dates parsed; Invalid for a date that cannot be parsed."""
        return CampaignPlan(
            name=self.name,
            survey_type_code=self.survey_type_code,
            trigger_type=self.trigger_type,
            delay_hours=int(self.delay_hours),
            active=self.active,
            start_date=now if self.start_date is None else _date("start_date", self.start_date, zone),
            end_date=None if self.end_date is None else _date("end_date", self.end_date, zone, end=True),
            channels=tuple(dict.fromkeys(self.channels)),
            reminder_after_days=None if self.reminder_after_days is None else int(self.reminder_after_days),
            language=self.language,
        )


class WholeCampaign(Struct, frozen=True):
    """A whole campaign. Without `end_date` it has no end. A missing one of the last three fields keeps its value."""

    name: CampaignName
    survey_type_code: TypeCode
    trigger_type: Trigger
    delay_hours: DelayHours
    active: bool
    start_date: Start
    end_date: End | None = None
    channels: Channels | UnsetType = UNSET
    reminder_after_days: ReminderDays | UnsetType | None = UNSET
    language: EmailLanguage | UnsetType | None = UNSET

    def plan(self, zone: ZoneInfo, stored: Campaign) -> CampaignPlan:
        """The plan with its dates parsed; Invalid for a date that cannot be parsed."""
        sent = {name: value for name, value in structs.asdict(self).items() if value is not UNSET}
        kept = {name: getattr(stored.plan, name) for name in self.__struct_fields__ if name not in sent}
        return NewCampaign(**sent | kept).plan(zone, stored.start_date)


class CampaignOut(Struct, frozen=True):
    """A campaign as stored."""

    id: CampaignId
    name: CampaignName
    survey_type_code: TypeCode
    trigger_type: Trigger
    delay_hours: Annotated[int, Meta(examples=[24])]
    active: bool
    start_date: Instant
    end_date: Instant | None
    channels: Channels
    reminder_after_days: Annotated[int, Meta(examples=[3])] | None
    language: EmailLanguage | None
    create_time: Instant
    create_user: Annotated[str, Meta(examples=["key:backend"])]
    last_update_time: Instant
    last_update_user: Annotated[str, Meta(examples=["key:backend"])]

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        values: dict[str, Any] = structs.asdict(campaign)
        instants = {name: instant(value) for name, value in values.items() if isinstance(value, datetime)}
        words = {"trigger_type": Trigger(campaign.trigger_type), "channels": tuple(map(Channel, campaign.channels))}
        return cls(**values | instants | words)


class Campaigns(Struct, frozen=True):
    campaigns: list[CampaignOut]


class FilterBody(Struct, frozen=True):
    """Criteria that must all hold. Bounds are inclusive; a campaign without an end matches no bound of the end."""

    namePart: (
        Annotated[str, Meta(max_length=MAX_NAME, description="Part of the name, ignoring case", examples=["nps"])]
        | None
    ) = None
    type: Annotated[str, Meta(max_length=100, examples=["NPS"])] | None = None
    trigger_type: Annotated[str, Meta(max_length=100, examples=["ORDER_COMPLETED"])] | None = None
    active: bool | None = None
    start_date_from: Start | None = None
    start_date_to: End | None = None
    end_date_from: Start | None = None
    end_date_to: End | None = None
    limit: Annotated[float, whole_number(1, 1000), Meta(examples=[50])] | None = None
    offset: Annotated[float, whole_number(0, 1_000_000), Meta(examples=[0])] = 0

    def criteria(self, zone: ZoneInfo) -> CampaignFilter:
        """The criteria with their dates parsed; Invalid for a date that cannot be parsed."""
        return CampaignFilter(
            name_part=self.namePart,
            type=self.type,
            trigger_type=self.trigger_type,
            active=self.active,
            start_from=self._date("start_date_from", zone),
            start_to=self._date("start_date_to", zone, end=True),
            end_from=self._date("end_date_from", zone),
            end_to=self._date("end_date_to", zone, end=True),
        )

    def page(self) -> Page:
        return Page(None if self.limit is None else int(self.limit), int(self.offset))

    def _date(self, field: str, zone: ZoneInfo, *, end: bool = False) -> datetime | None:
        text = getattr(self, field)
        return None if text is None else _date(field, text, zone, end=end)


def _date(field: str, text: str, zone: ZoneInfo, *, end: bool = False) -> datetime:
    """The date in a field of the body; Invalid, naming the field, if it cannot be parsed."""
    try:
        return parse_date(text, zone, end=end)
    except (ValueError, OverflowError) as error:
        reason = str(error) if isinstance(error, ValueError) else "is out of range"
        raise Invalid.of("body", field, reason) from None


EVENT_EXAMPLE = {
    "event_type": "ORDER_COMPLETED",
    "guid": "cust_123",
    "context_id": "order_456",
    "context_type": "ORDER",
    "timestamp": "2024-01-15T14:30:00Z",
    "metadata": {"order_total": 5000, "items_count": 3},
}
EVENT_SCHEMA = {
    "title": "Event",
    "type": "object",
    "required": ["event_type", "guid", "context_id", "context_type"],
    "properties": {
        "event_type": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_GUID,
            "pattern": r"\S",
            "description": "ORDER_COMPLETED or TICKET_CLOSED; others are ignored",
        },
        "guid": {"type": "string", "minLength": 1, "maxLength": MAX_GUID, "pattern": r"\S"},
        "context_id": {"type": "string", "minLength": 1, "maxLength": MAX_GUID, "pattern": r"\S"},
        "context_type": {"enum": ["ORDER", "TICKET"]},
        "email": {
            "type": ["string", "null"],
            "description": "For campaigns by email. Default: a guid that is an address",
        },
        "timestamp": {"type": ["string", "null"], "format": "date-time", "description": "Default: the time of receipt"},
        "metadata": {"description": "Anything; it is ignored"},
    },
}
# Any JSON is accepted, because a bad item of a list fails alone. The schema documents a valid event.
EventsBody = Annotated[
    Any,
    Meta(
        extra_json_schema={"oneOf": [EVENT_SCHEMA, {"type": "array", "maxItems": 1000, "items": EVENT_SCHEMA}]},
        examples=[EVENT_EXAMPLE],
    ),
]


class ContextBody(Struct, frozen=True):
    """What the customer is asked about."""

    type: Annotated[ContextType, Meta(examples=["ORDER"])]
    context_id: Annotated[Guid, Meta(examples=["order_456"])]


class SurveyRequest(Struct, frozen=True):
    """A survey to open for a customer, outside of any event."""

    campaign_id: CampaignId
    guid: Guid
    context: ContextBody


class SurveyLink(Struct, frozen=True):
    """An open survey, and the link to its page."""

    survey_id: SurveyId
    link: Annotated[str, Meta(examples=["https://feedback.example.com/s/019a…"])]


class EventResult(Struct, frozen=True):
    """The result of one event; results are in the order of the events."""

    status: Annotated[str, Meta(extra_json_schema={"enum": ["created", "duplicate", "ignored", "invalid"]})]
    surveys: list[SurveyId]
    message: Annotated[str, Meta(examples=["No running campaign waits for this event"])] | None

    @classmethod
    def of(cls, result: event_ingest.EventResult) -> Self:
        return cls(result.outcome, list(result.surveys), result.message)


class EventResults(Struct, frozen=True):
    results: list[EventResult]


class DeadLetterOut(Struct, frozen=True):
    """A message that could not be used. Bytes that are no UTF-8 are shown as replacement characters."""

    id: UUID
    topic: Annotated[str, Meta(examples=["customer-events.V1"])]
    partition: Annotated[int, Meta(examples=[0])]
    offset: Annotated[int, Meta(examples=[4711])]
    reason: Annotated[str, Meta(examples=["guid is missing"])]
    message: Annotated[str, Meta(examples=['{"event_type": "ORDER_COMPLETED"}'])]
    create_time: Instant
    replayed_at: Instant | None

    @classmethod
    def of(cls, letter: DeadLetter) -> Self:
        return cls(
            id=letter.id,
            topic=letter.topic,
            partition=letter.partition,
            offset=letter.offset,
            reason=letter.reason,
            message=letter.message.decode(errors="replace"),
            create_time=instant(letter.create_time),
            replayed_at=None if letter.replayed_at is None else instant(letter.replayed_at),
        )
