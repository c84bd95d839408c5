"""What the API of campaigns and events takes and gives, as structs with their bounds and examples."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from voxpop.campaigns.dates import read_moment
from voxpop.campaigns.event_ingest import Outcome
from voxpop.campaigns.models import Campaign, CampaignFilter, CampaignPlan, DeadLetter, Trigger
from voxpop.errors import FieldError, Invalid
from voxpop.types import CampaignId, Instant, SurveyId, instant, whole

CampaignName = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S", examples=["NPS после заказа"])]
TypeCode = Annotated[str, Meta(min_length=1, max_length=100, examples=["NPS"])]
DelayHours = Annotated[float, whole(0, 87_600), Meta(description="0 asks at once", examples=[24])]
MOMENT = "An instant, or a day of the workspace"
Start = Annotated[str, Meta(max_length=40, description=f"{MOMENT}: its start", examples=["2024-01-01"])]
End = Annotated[str, Meta(max_length=40, description=f"{MOMENT}: its last moment", examples=["2024-12-31"])]


class NewCampaign(Struct, frozen=True):
    """What to ask, when what happened, after which delay."""

    name: CampaignName
    survey_type_code: TypeCode
    trigger_type: Trigger
    delay_hours: DelayHours = 0
    active: bool = True
    start_date: Start | None = None
    end_date: End | None = None

    def plan(self, zone: ZoneInfo, now: datetime) -> CampaignPlan:
        """The plan with its dates read; Invalid for an unreadable date or an end before the start."""
        start = now if self.start_date is None else read("start_date", self.start_date, zone)
        end = None if self.end_date is None else read("end_date", self.end_date, zone, end=True)
        if end is not None and end < start:
            raise Invalid(
                "body/end_date must not be before start_date", details=[FieldError("end_date", "is before start_date")]
            )
        return CampaignPlan(
            self.name, self.survey_type_code, self.trigger_type, int(self.delay_hours), self.active, start, end
        )


class WholeCampaign(Struct, frozen=True):
    """A campaign as it shall be: every field but `end_date` is required, and without that it has no end."""

    name: CampaignName
    survey_type_code: TypeCode
    trigger_type: Trigger
    delay_hours: DelayHours
    active: bool
    start_date: Start
    end_date: End | None = None

    def plan(self, zone: ZoneInfo, now: datetime) -> CampaignPlan:
        return NewCampaign(*(getattr(self, field) for field in self.__struct_fields__)).plan(zone, now)


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
    create_time: Instant
    create_user: Annotated[str, Meta(examples=["key:backend"])]
    last_update_time: Instant
    last_update_user: Annotated[str, Meta(examples=["key:backend"])]

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        return cls(
            campaign.id,
            campaign.name,
            campaign.survey_type_code,
            Trigger(campaign.trigger_type),
            campaign.delay_hours,
            campaign.active,
            instant(campaign.start_date),
            None if campaign.end_date is None else instant(campaign.end_date),
            instant(campaign.create_time),
            campaign.create_user,
            instant(campaign.last_update_time),
            campaign.last_update_user,
        )


class Campaigns(Struct, frozen=True):
    campaigns: list[CampaignOut]


class FilterBody(Struct, frozen=True):
    """Criteria that must all hold; one left out is none. Bounds are inclusive; a campaign without end matches none."""

    namePart: (
        Annotated[str, Meta(max_length=200, description="Anywhere, whatever its case", examples=["nps"])] | None
    ) = None
    type: Annotated[str, Meta(max_length=100, examples=["NPS"])] | None = None
    trigger_type: Annotated[str, Meta(max_length=100, examples=["ORDER_COMPLETED"])] | None = None
    active: bool | None = None
    start_date_from: Start | None = None
    start_date_to: End | None = None
    end_date_from: Start | None = None
    end_date_to: End | None = None
    limit: Annotated[float, whole(1, 1000), Meta(examples=[50])] | None = None
    offset: Annotated[float, whole(0, 1_000_000), Meta(examples=[0])] = 0

    def filter(self, zone: ZoneInfo) -> CampaignFilter:
        """The criteria with their dates read; Invalid for an unreadable one."""
        return CampaignFilter(
            self.namePart,
            self.type,
            self.trigger_type,
            self.active,
            self._bound("start_date_from", zone),
            self._bound("start_date_to", zone, end=True),
            self._bound("end_date_from", zone),
            self._bound("end_date_to", zone, end=True),
        )

    def _bound(self, field: str, zone: ZoneInfo, *, end: bool = False) -> datetime | None:
        text = getattr(self, field)
        return None if text is None else read(field, text, zone, end=end)


def read(field: str, text: str, zone: ZoneInfo, *, end: bool = False) -> datetime:
    """The moment that a field says; Invalid, naming the field, where it says none."""
    try:
        return read_moment(text, zone, end=end)
    except (ValueError, OverflowError) as error:
        reason = str(error) if isinstance(error, ValueError) else "is out of range"
        raise Invalid(f"body/{field} {reason}", details=[FieldError(field, reason)]) from None


EVENT_EXAMPLE = {
    "event_type": "ORDER_COMPLETED",
    "guid": "cust_123",
    "context_id": "order_456",
    "context_type": "ORDER",
    "timestamp": "2024-01-15T14:30:00Z",
    "metadata": {"order_total": 5000, "items_count": 3},
}
EVENT_SCHEMA = {
    "type": "object",
    "required": ["event_type", "guid", "context_id", "context_type"],
    "properties": {
        "event_type": {"type": "string", "description": "ORDER_COMPLETED, TICKET_CLOSED; others are passed over"},
        "guid": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"\S"},
        "context_id": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"\S"},
        "context_type": {"enum": ["ORDER", "TICKET"]},
        "timestamp": {"type": ["string", "null"], "format": "date-time", "description": "Missing: now"},
    },
}
# Any JSON is taken, since a bad item of a list fails alone; the schema says what fits.
EventsBody = Annotated[
    Any,
    Meta(
        extra_json_schema={"oneOf": [EVENT_SCHEMA, {"type": "array", "maxItems": 1000, "items": EVENT_SCHEMA}]},
        examples=[EVENT_EXAMPLE],
    ),
]


class EventResult(Struct, frozen=True):
    """What became of one event, in the order they came."""

    status: Annotated[str, Meta(extra_json_schema={"enum": ["created", "duplicate", "ignored", "invalid"]})]
    surveys: list[SurveyId]
    message: Annotated[str, Meta(examples=["No running campaign waits for this event"])] | None

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        return cls(outcome.fate, outcome.surveys, outcome.message)


class EventResults(Struct, frozen=True):
    results: list[EventResult]


class DeadEventOut(Struct, frozen=True):
    """A message that could not be used; its bytes as text, with signs for what is no text."""

    id: UUID
    topic: Annotated[str, Meta(examples=["customer-events.V1"])]
    partition: Annotated[int, Meta(examples=[0])]
    offset: Annotated[int, Meta(examples=[4711])]
    reason: Annotated[str, Meta(examples=["guid is missing"])]
    message: Annotated[str, Meta(examples=['{"event_type": "ORDER_COMPLETED"}'])]
    create_time: Instant
    replayed_at: Instant | None

    @classmethod
    def of(cls, dead: DeadLetter) -> Self:
        replayed = None if dead.replayed_at is None else instant(dead.replayed_at)
        text = dead.message.decode(errors="replace")
        return cls(
            dead.id, dead.topic, dead.partition, dead.offset, dead.reason, text, instant(dead.create_time), replayed
        )
