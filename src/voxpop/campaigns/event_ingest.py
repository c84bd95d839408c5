"""Events open surveys: one path for events over HTTP, from Kafka and from tickets.

Deduplication: a campaign opens one survey per context, and ignores the event otherwise (F20-F29).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum

import msgspec
from msgspec import Struct

from voxpop.campaigns import store
from voxpop.campaigns.models import Channel, ContextType, Event, MatchedCampaign, Trigger
from voxpop.campaigns.store import RunningCampaign
from voxpop.db.pool import Tx
from voxpop.email_addresses import find_email, normalize_email
from voxpop.metrics import service as metrics
from voxpop.metrics.models import Stage, SurveyIncrement
from voxpop.surveys import service as surveys
from voxpop.surveys.models import NewCampaignSurvey, campaign_series
from voxpop.types import MAX_GUID, CampaignId, SurveyId, WorkspaceId, uuid7s
from voxpop.workspaces import service as workspaces

TRIGGERS = {trigger.value: trigger for trigger in Trigger}
CONTEXTS = {context.value: context for context in ContextType}


class InvalidEvent(Exception):
    """The message is no event; the text gives the field, if it is one field's fault, and the reason."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(f"{field} {reason}".strip())
        self.reason, self.field = reason, field


class EventOutcome(StrEnum):
    """The result of one event."""

    CREATED = "created"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    INVALID = "invalid"


class EventResult(Struct, frozen=True):
    """The result of one event, with the surveys that it opened."""

    outcome: EventOutcome
    surveys: Sequence[SurveyId] = ()
    message: str | None = None


class IngestResult(Struct, frozen=True):
    """The results of a batch in the order of its events, and what it adds to the survey counts."""

    results: Sequence[EventResult]
    increments: Sequence[SurveyIncrement]


def parse_message(message: bytes, received_at: datetime) -> Event | None:
    """The event in a JSON message; None for a type that no campaign knows. Raises InvalidEvent otherwise."""
    try:
        return parse_event(msgspec.json.decode(message), received_at)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidEvent(f"not JSON: {error}") from error
    except RecursionError as error:
        raise InvalidEvent("nested too deeply") from error


def parse_event(message: object, received_at: datetime) -> Event | None:
    """The event in a decoded message; None for a type that no campaign knows. Unknown fields are ignored."""
    if not isinstance(message, dict):
        raise InvalidEvent("not a JSON object")
    if (trigger := TRIGGERS.get(_text(message, "event_type"))) is None:
        return None
    if (context := CONTEXTS.get(_text(message, "context_type"))) is None:
        raise InvalidEvent("must be ORDER or TICKET", "context_type")
    day = _instant(message.get("timestamp"), received_at).date()
    guid, context_id = _text(message, "guid"), _text(message, "context_id")
    # Callers may send anything as `email` (F31), so a text that is no address is ignored.
    return Event(trigger, guid, context, context_id, day, find_email(message.get("email"), guid))


def unknown_type() -> EventResult:
    """The result of an event of a type that no campaign knows."""
    return EventResult(EventOutcome.IGNORED, message="No campaign knows events of this type")


async def ingest(tx: Tx, workspace: WorkspaceId, events: Sequence[Event], now: datetime) -> Sequence[EventResult]:
    """Opens a survey for each running campaign of an event's type, and counts it."""
    ingested = await open_surveys(tx, workspace, events, now)
    await metrics.add_counts(tx, workspace, surveys=ingested.increments)
    return ingested.results


async def open_surveys(tx: Tx, workspace: WorkspaceId, events: Sequence[Event], now: datetime) -> IngestResult:
    """Opens the surveys and returns the increments; the caller adds them to its counts, last in its transaction."""
    if not events:
        return IngestResult([], [])
    matches = await _match(tx, workspace, events, now)
    return IngestResult(_results(len(events), matches), await _increments(tx, workspace, matches, now))


async def _match(tx: Tx, workspace: WorkspaceId, events: Sequence[Event], now: datetime) -> Sequence[MatchedCampaign]:
    """Each event with each running campaign of its type. Of several events with one context, the first counts."""
    running = await store.list_running(tx, workspace, sorted({event.type for event in events}), now)
    new: dict[tuple[CampaignId, str], NewCampaignSurvey] = {}
    matches: list[MatchedCampaign] = []
    ids = uuid7s()
    for index, event in enumerate(events):
        for campaign in (campaign for campaign in running if campaign.trigger_type == event.type):
            is_first = (key := (campaign.id, event.context_id)) not in new
            survey = new.setdefault(key, _survey(SurveyId(next(ids)), campaign, event))
            matches.append(MatchedCampaign(index, campaign.id, survey.id if is_first else None))
    opened = await surveys.open_campaign_surveys(tx, workspace, list(new.values()), now)
    return [
        match if match.survey in opened else MatchedCampaign(match.event_index, match.campaign, None)
        for match in matches
    ]


def _survey(ident: SurveyId, campaign: RunningCampaign, event: Event) -> NewCampaignSurvey:
    email = event.email if Channel.EMAIL in campaign.channels else None
    return NewCampaignSurvey(
        id=ident,
        campaign=campaign.id,
        survey_type=campaign.survey_type_code,
        delay_hours=campaign.delay_hours,
        guid=event.guid,
        context_type=event.context_type,
        context_id=event.context_id,
        context_date=event.date,
        email=email,
        email_folded=email and normalize_email(email),
    )


async def _increments(
    tx: Tx, workspace: WorkspaceId, matches: Sequence[MatchedCampaign], now: datetime
) -> Sequence[SurveyIncrement]:
    opened = Counter(match.campaign for match in matches if match.survey is not None)
    if not opened:
        return []
    counts = {campaign_series(campaign): count for campaign, count in opened.items()}
    return surveys.increments(await workspaces.get_workspace(tx, workspace), Stage.OPENED, counts, now)


def _results(event_count: int, matches: Sequence[MatchedCampaign]) -> Sequence[EventResult]:
    by_event: list[list[MatchedCampaign]] = [[] for _ in range(event_count)]
    for match in matches:
        by_event[match.event_index].append(match)
    return [_result(matches) for matches in by_event]


def _result(matches: Sequence[MatchedCampaign]) -> EventResult:
    if opened := [match.survey for match in matches if match.survey is not None]:
        return EventResult(EventOutcome.CREATED, opened)
    if matches:
        return EventResult(EventOutcome.DUPLICATE, message="The campaign has a survey for this context already")
    return EventResult(EventOutcome.IGNORED, message="No running campaign waits for this event")


def _text(message: Mapping[str, object], field: str) -> str:
    value = message.get(field)
    if not isinstance(value, str) or not value.strip():
        raise InvalidEvent("is missing" if value is None else "must be a text that is not blank", field)
    if len(value) > MAX_GUID:
        raise InvalidEvent(f"is longer than {MAX_GUID} characters", field)
    if "\x00" in value:
        raise InvalidEvent("has a NUL character", field)
    return value


def _instant(value: object, received_at: datetime) -> datetime:
    """The event's own time in UTC; the time of receipt if it has none."""
    if value is None:
        return received_at.astimezone(UTC)
    try:
        if not isinstance(value, str):
            raise ValueError
        instant = datetime.fromisoformat(value)
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidEvent("must be an instant like 2024-01-15T14:30:00Z", "timestamp") from None
